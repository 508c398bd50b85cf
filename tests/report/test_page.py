"""Both pages say what the tables say; what was not measured has no section."""

import subprocess
import sys
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pandas as pd

from c3.evaluation import COLUMNS
from c3.report import page, tables


def metrics():
    rows = []
    for number, model in enumerate(("log_mel", "topline", "stage3")):
        for evaluation in ("query_by_example", "shallow_classifier"):
            rows += [(model, evaluation, None, None, seed, "mAP", 0.1 * number + 0.01 * seed) for seed in (3, 5)]
        rows.append((model, "shallow_classifier", None, None, 3, "d_prime", 1.5))
    rows.append(("stage3", "query_by_example", None, None, 3, "chance", 0.05))
    rows += [("stage3", "label_efficiency", "random", budget, 3, "mAP", budget / 10) for budget in (2, 4)]
    for kind in ("cluster", "kmeans"):
        judged = {"purity": 0.5, "nmi": 0.25, "active_clusters": 12.0, "largest_cluster_share": 0.125}
        rows += [("stage3", "clustering", kind, None, 3, *item) for item in judged.items()]
    return pd.DataFrame(rows, columns=COLUMNS).astype({"budget": "Int64", "seed": "Int64"})


FIGURES = [page.Figure(name, f"figures/{name}.png", f"figures/{name}.pdf") for name in page.ALT]


def accounts():
    table = {
        "account": ["manifest", "manifest", "ignored"],
        "seconds": [10.0, 1500.0, None],
        "used": [10.0, 1200.0, 0.0],
    }
    return pd.DataFrame(table)


def content(numbers, figures=FIGURES, files=None, **config):
    return page.page(
        numbers, {"experiment": "toy", **config}, [1, 2], "abc123", figures, {"numbers": "metrics.csv"}, files
    )


class Reader(HTMLParser):
    """The cells of all tables, line by line, and how many elements of each kind there are."""

    def __init__(self, text):
        super().__init__()
        self.tables, self.kinds, self._cell = [], {}, False
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.kinds[tag] = self.kinds.get(tag, 0) + 1
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("th", "td"):
            self.tables[-1][-1].append("")
            self._cell = True

    def handle_endtag(self, tag):
        self._cell = self._cell and tag not in ("th", "td")

    def handle_data(self, data):
        if self._cell:
            self.tables[-1][-1][-1] += data


def from_markdown(text):
    """The same of a Markdown page."""
    found, before = [], ""
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and set(cells) != {"---"}:
            if not before.startswith("|"):
                found.append([])
            found[-1].append(cells)
        before = line
    return found


def test_both_pages_have_the_same_tables():
    numbers, files = metrics(), accounts()
    shown = content(numbers, files=files)
    markdown, html = page.markdown(shown), page.html(shown)
    expected = [tables.goals(numbers), tables.embeddings(numbers), tables.label_efficiency(numbers, "stage3")]
    expected += [tables.clustering(numbers), tables.accounts(files)]
    expected = [[table.header, *table.rows] for table in expected]
    assert Reader(html).tables == expected and from_markdown(markdown) == expected
    for text in (markdown, html):
        assert "Training seeds: 1, 2; evaluation seeds: 3, 5" in " ".join(text.split()) and "abc123" in text
        for figure in FIGURES:
            assert f"figures/{figure.name}.png" in text


def test_markdown_parts_are_set_apart_by_empty_lines():
    lines = page.markdown(content(metrics())).splitlines()
    for before, line in pairwise(lines):
        assert not (line.startswith(("#", "![")) and before)
        assert not (line.startswith("|") and before and not before.startswith("|"))
        assert line or before  # one is enough


def test_what_is_missing_has_no_section():
    some = metrics().query("evaluation == 'shallow_classifier'")
    assert [section.name for section in content(some, []).sections] == ["goals", "embedding"]
    assert [section.name for section in content(some, FIGURES[-1:]).sections] == ["goals", "embedding", "training"]
    empty = content(metrics()[:0], [])
    assert empty.sections == [] and empty.headlines == []
    assert Reader(page.html(empty)).kinds.get("table", 0) == 0 and "## Configuration" in page.markdown(empty)


def test_settings_and_names_cannot_break_out_of_the_text():
    html = page.html(content(metrics(), note="</pre><script>alert(1)</script>"))
    assert "<script>alert" not in html and "&lt;script&gt;alert" in html
    assert "note: </pre>" in page.markdown(content(metrics(), note="</pre>"))


def maps(segments):
    rng = np.random.default_rng(0)
    classes = [f"class {number % 12 if number % 13 else 0}" if number % 5 else "" for number in range(segments)]
    places = [rng.normal(size=(segments, 2)) * (1, 3) + (5, -2) for _ in range(2)]
    return pd.concat(
        pd.DataFrame({"model": model, "class": classes, "x": x_y[:, 0], "y": x_y[:, 1]})
        for model, x_y in zip(("log_mel", "stage3"), places, strict=True)
    )


def test_a_map_keeps_the_shape_and_lies_within_its_panel():
    table = maps(100)
    drawn = page.drawing(table)
    assert [name for name, _ in drawn["panels"]] == ["Baseline: log-mel features", "Stage 3 (+ clustering)"]
    counts = table[table["model"] == "log_mel"]["class"].value_counts()
    assert next(iter(drawn["classes"])) == "class 0" and len([1 for c in drawn["classes"].values() if c]) == 10
    for (_, dots), (_, rows) in zip(drawn["panels"], table.groupby("model", sort=False), strict=True):
        x, y = np.array([dot[:2] for dot in dots]).T
        assert 10 <= min(x.min(), y.min()) and max(x.max(), y.max()) <= page.MAP_PIXELS - 10
        shape = np.ptp(rows["x"]) / np.ptp(rows["y"])
        np.testing.assert_allclose(np.ptp(x) / np.ptp(y), shape, rtol=0.01)
        # up is up: the highest segment has the smallest y
        highest = rows.iloc[rows["y"].argmax()]
        assert dots[int(np.argmin(y))][2] == highest["class"]
        assert pd.Series([dot[2] for dot in dots]).value_counts()["class 0"] == counts["class 0"]


def test_of_many_segments_the_map_is_the_figure():
    html = page.html(content(metrics()), maps=maps(page.MOST_DOTS // 2 + 1))
    assert "<svg" not in html and '<img src="figures/embedding_map.png"' in html
    html = page.html(content(metrics()), maps=maps(50))
    assert html.count("<circle") == 100 and '<img src="figures/embedding_map.png"' not in html


def test_columns_of_numbers_are_told_from_words():
    table = tables.Table(["", "", "", ""], [["a", "0.1 (0.0–0.2)", "2× (b)", ""], ["1", "-3 % (-4–1)", "2×", ""]])
    assert page.numeric(table) == [False, True, False, False]


def test_the_page_needs_no_network_and_no_decoder():
    code = "import c3.report.page, sys; sys.exit(any(n in sys.modules for n in ('tensorflow', 'keras', 'av')))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_classes_left_out_of_the_averages_are_named():
    numbers = metrics()
    assert "left out" not in page.markdown(content(numbers))
    rows = [
        ("query_by_example", "Caw", 0.0),
        ("query_by_example", "Dodo & co", 1.0),
        ("shallow_classifier", "Caw", 0.0),
    ]
    left_out = [
        (model, each, name, None, None, "left_out", n) for model in ("log_mel", "stage3") for each, name, n in rows
    ]
    more = pd.concat([numbers, pd.DataFrame(left_out, columns=COLUMNS)], ignore_index=True).astype(numbers.dtypes)
    text = " ".join(page.markdown(content(more)).split())
    assert "without a scored segment, left out of all averages (1): Caw." in text
    assert "too few for query by example, left out of it (1): Dodo & co." in text
    assert "left out of it (1): Dodo &amp; co." in page.html(content(more))
    assert from_markdown(page.markdown(content(more))) == from_markdown(page.markdown(content(numbers)))
