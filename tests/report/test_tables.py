"""Tables for readers say what the results table says."""

import numpy as np
import pandas as pd

from c3.evaluation import COLUMNS
from c3.report import names, tables


def table(*rows):
    return pd.DataFrame(rows, columns=COLUMNS).astype({"budget": "Int64", "seed": "Int64"})


def cells(table):
    """Rows of a table as lists of cells, read back from Markdown without the rule below the header."""
    markdown = tables.markdown(table)
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in markdown.strip().splitlines()]
    assert len({len(line) for line in lines}) == 1 and set(lines[1]) == {"---"}
    return [lines[0], *lines[2:]]


EMBEDDINGS = table(
    *((model, "query_by_example", None, None, seed, "mAP", value + 0.02 * seed) for seed in (0, 1)
      for model, value in (("stage3_plus", 0.5), ("log_mel", 0.3), ("topline", 0.6), ("stage3", 0.25))),
    *((model, "shallow_classifier", None, None, 0, metric, value) for metric, value in (("mAP", 0.7), ("d_prime", 2.0))
      for model in ("stage3_plus", "log_mel", "topline", "stage3")),
    ("stage3_plus", "query_by_example", None, None, 0, "gap_recovered", 0.5),
    ("stage3_plus", "query_by_example", None, None, 1, "gap_recovered", 0.9),
    ("log_mel", "query_by_example", None, None, 0, "chance", 0.25),
)  # fmt: skip


def test_embeddings_stand_in_the_order_of_the_paper_with_their_spread():
    header, baseline, topline, stage3, plus, chance = cells(tables.embeddings(EMBEDDINGS))
    assert header[1] == "query by example, mAP"
    assert baseline[:2] == ["Baseline: log-mel features", "0.310 (0.300–0.320)"]
    assert topline[1] == "0.610 (0.600–0.620)" and stage3[1] == "0.260 (0.250–0.270)"
    assert plus[2] == "70 % (50–90)" and plus[3:5] == ["0.700", "2.00"]
    assert chance[1] == "0.250"


def test_labels_and_their_reduction():
    name = ("stage3", "label_efficiency")
    rows = table(
        *((*name, "random", budget, 0, "mAP", value) for budget, value in ((8, 0.1), (16, 0.2))),
        (*name, "cluster", 8, 0, "mAP", 0.15),
        (*name, "cluster", None, None, "label_reduction_median", 1.5),
        (*name, "cluster", None, None, "label_reduction_best", 2.5),
        (*name, "cluster", None, 0, "area", 0.125),
        (*name, "cluster", None, 0, "share_of_ceiling", 0.25),
        (*name, "all", None, 0, "mAP", 0.9),
        (*name, "all", None, 0, "labels_asked", 100),
    )
    header, random, cluster = cells(tables.label_efficiency(rows, "stage3"))
    assert header[:6] == ["labels asked", "8", "16", "all", "area", "of the ceiling"]
    assert random[1:] == ["0.100", "0.200", "0.900", "", "", "", ""]
    assert cluster[1:] == ["0.150", "", "", "0.125", "25 %", "1.5×", "2.5×"]


def test_goals_are_judged_by_what_was_measured():
    name = ("stage3_plus", "label_efficiency")
    rows = table(
        (*name, "cluster", None, None, "label_reduction_median", 2.0),
        (*name, "cluster", None, None, "label_reduction_best", 30.0),
        (*name, "cluster_merged", None, None, "label_reduction_median", 6.0),
        (*name, "cluster_merged", None, None, "label_reduction_best", 8.0),
        (*name, "typiclust", None, None, "label_reduction_median", 50.0),
    )
    judged = cells(tables.goals(pd.concat([EMBEDDINGS, rows])))[1:]
    assert ["at least 60 % of the query-by-example gap", "70 %", "reached"] in [row[1:] for row in judged]
    # one strategy for both, that of the higher median; others than the network's clusters do not count
    assert [row[2:] for row in judged[-2:]] == [
        ["6.00× (merged clusters, most telling segment)", "reached"],
        ["8.00× (merged clusters, most telling segment)", "missed"],
    ]


def test_clusterings():
    values = {"purity": 0.5, "nmi": 0.25, "active_clusters": 12.0, "largest_cluster_share": 0.125}
    rows = table(
        *(("stage3", "clustering", kind, None, 0, *item) for kind in ("cluster", "kmeans") for item in values.items())
    )
    assert cells(tables.clustering(rows))[1] == [
        "Stage 3 (+ clustering)", "cluster head", "0.500", "0.250", "12", "12.5 %",
    ]  # fmt: skip


def test_order_of_models():
    models = ["stage1_plus", "mine", "stage2", "topline", "mine_plus", "log_mel", "stage1"]
    assert names.in_order(models) == ["log_mel", "topline", "stage1", "stage2", "mine", "stage1_plus", "mine_plus"]


def test_headlines_are_of_the_row_whose_labels_are_measured_first():
    name = ("stage3", "label_efficiency")
    rows = table(
        (*name, "cluster", 8, 0, "mAP", 0.15),
        (*name, "cluster", None, None, "label_reduction_median", 1.5),
        (*name, "cluster_merged", None, None, "label_reduction_median", 3.0),
        (*name, "cluster_merged", None, 0, "label_reduction_median", 2.0),
        (*name, "cluster_merged", None, 1, "label_reduction_median", 5.0),
        (*name, "ceiling", None, None, "label_reduction_median", 12.0),  # nobody can choose that
        ("stage3_plus", "label_efficiency", "cluster", None, None, "label_reduction_median", 9.0),
    )
    both = pd.concat([EMBEDDINGS, rows])
    assert tables.headline_model(both) == "stage3"
    assert tables.headlines(both) == [
        (
            "Query by example, mAP",
            "0.260 (0.250–0.270)",
            "features 0.310 · supervised topline 0.610 · chance 0.250",
        ),
        ("Shallow classifier, mAP", "0.700", "features 0.700 · supervised topline 0.700"),
        (
            "Label reduction, median",
            "3.0× (2.0–5.0)",
            "Merged clusters, most telling segment, the best of 2 strategies; one per cluster, propagated: 1.5×",
        ),
    ]


def test_headlines_in_two_lines():
    rows = table(("stage3", "label_efficiency", "cluster", None, None, "label_reduction_median", 1.5))
    assert tables.headline_lines(pd.concat([EMBEDDINGS, rows])) == [
        "Stage 3 (+ clustering): Query by example, mAP 0.260 (features 0.310 · supervised topline 0.610 ·"
        " chance 0.250); Shallow classifier, mAP 0.700 (features 0.700 · supervised topline 0.700)",
        "Label reduction, median: 1.5×, One per cluster, propagated to the cluster",
    ]
    assert len(tables.headline_lines(EMBEDDINGS)) == 1 and tables.headline_lines(EMBEDDINGS[:0]) == []


def test_headlines_without_label_efficiency_are_of_the_last_row():
    titles = [headline.title for headline in tables.headlines(EMBEDDINGS)]
    assert tables.headline_model(EMBEDDINGS) == "stage3_plus" and "Query by example, gap recovered" in titles
    nothing = table()
    assert tables.headline_model(nothing) is None and tables.headlines(nothing) == []


def test_a_bar_in_a_cell_ends_no_column():
    assert tables.markdown(tables.Table(["a", "b"], [["x|y", "z"]])).splitlines()[-1] == "| x\\|y | z |"


def test_accounts_of_files():
    files = pd.DataFrame(
        {
            "account": ["manifest", "manifest", "ignored", "quarantined"],
            "seconds": [10, 1500, np.nan, 4],
            "used": [10, 1200, 0, 0],
        }
    )
    assert cells(tables.accounts(files)) == [
        ["account", "files", "seconds there", "seconds used"],
        ["manifest", "2", "1,510", "1,210"],
        ["missing", "0", "0", "0"],
        ["quarantined", "1", "4", "0"],
        ["ignored", "1", "", "0"],
    ]
