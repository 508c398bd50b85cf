"""Figures are drawn from tables alone, twice the same, and stay readable when data is missing."""

import subprocess
import sys
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb

from c3.report import figures


def metrics(strategies=("random", "cluster"), seeds=(0, 1), models=("my_model",)):
    """One number after another; each next model of ``models`` is 0.1 better than the one before."""
    numbers = []
    for model, precision in (("log_mel", 0.2), *((model, 0.4 + 0.1 * number) for number, model in enumerate(models))):
        for seed in seeds:
            numbers += [
                (model, "query_by_example", None, None, seed, "mAP", precision + 0.01 * seed),
                (model, "query_by_example", None, None, seed, "chance", 0.331),
                (model, "shallow_classifier", None, None, seed, "mAP", precision + 0.01 * seed),
                (model, "shallow_classifier", None, None, seed, "d_prime", 1.0),
            ]
    for better, model in enumerate(models):
        for seed in seeds:
            for strategy, purity in (("cluster", 0.6), ("kmeans", 0.5)):
                judged = {
                    "purity": purity + 0.1 * better,
                    "nmi": 0.3,
                    "active_clusters": 64,
                    "largest_cluster_share": 0.1,
                }
                numbers += [(model, "clustering", strategy, None, seed, *item) for item in judged.items()]
            common = (model, "label_efficiency", "all", None, seed)
            numbers += [(*common, "mAP", 0.5 + 0.1 * better), (*common, "labels_asked", 100)]
            for strategy in strategies:
                for number, budget in enumerate((8, 16, 32, 64)):
                    precision = 0.1 + 0.1 * better + 0.1 * number + 0.1 * (strategy == "cluster")
                    common = (model, "label_efficiency", strategy, budget, seed)
                    numbers += [(*common, "mAP", precision), (*common, "labels_asked", budget)]
    columns = ["model", "evaluation", "strategy", "budget", "seed", "metric", "value"]
    return pd.DataFrame(numbers, columns=columns).assign(experiment="toy")


def portraits(clusters=5):
    rng = np.random.default_rng(0)
    spectrograms = rng.normal(size=(clusters, 4, 96, 64)).astype(np.float32)
    spectrograms[-1, 1:] = np.nan
    return {
        "model": np.array("my_model"),
        "windows": np.array(100),
        "seconds": np.array(0.96),
        "low_hz": np.array(125.0),
        "high_hz": np.array(7500.0),
        "cluster": np.arange(clusters),
        "size": np.arange(clusters, 0, -1),
        "spectrograms": spectrograms,
        "frames": rng.integers(0, 255, (clusters, 4, 8, 8, 3), dtype=np.uint8),
        "has_frame": np.tile(np.arange(clusters)[:, None] % 2 == 0, (1, 4)) & (np.arange(4) > 0),
        "names": np.array([["Ape", "A very long name of a class, with commas"]] * clusters),
        "shares": np.array([[0.9, 0.2]] * clusters),
    }


def histories():
    step = np.arange(100, 500, 100)
    audio_visual = pd.DataFrame({"step": step, "loss": 1 / step, "audio_visual": 1 / step, "active_clusters": 3})
    clustered = audio_visual.assign(clustering=-1.0, active_clusters=step, auc_audio_audio=0.5)
    return {
        ("stage1", "0"): audio_visual,
        ("stage1", "1"): audio_visual + 1,
        ("stage3", "0"): clustered,
        ("stage3_plus", "0"): clustered * 2,
    }


def maps():
    rng = np.random.default_rng(0)
    classes = ["Ape"] * 12 + ["Bee"] * 6 + [""] * 5
    return pd.concat(
        pd.DataFrame(
            {"model": model, "segment_id": range(23), "class": classes, "x": rng.random(23), "y": rng.random(23)}
        )
        for model in ("log_mel", "stage3")
    )


SWEPT = {"gamma": {"model": "stage3", "key": "gamma", "rows": [[1.1, "stage3"], [1.0, "gamma-1"]]}}

DRAW = {
    "query_by_example": lambda: figures.query_by_example(metrics()),
    "shallow_classifier": lambda: figures.shallow_classifier(metrics()),
    "label_efficiency": lambda: figures.label_efficiency(with_systems(metrics(models=("stage3_plus", "stage3")))),
    "stages": lambda: figures.stages(metrics(models=("stage1", "stage2", "stage1_plus"))),
    "clustering": lambda: figures.clustering(metrics(models=("stage3_plus", "stage3"))),
    "embedding_map": lambda: figures.embedding_map(maps()),
    "sweeps": lambda: figures.sweeps(metrics(models=("gamma-1", "stage3")), SWEPT),
    "training_curves": lambda: figures.training_curves(histories()),
    "cluster_portrait": lambda: figures.cluster_portrait(portraits()),
}


def texts(figure):
    """All words of a figure."""
    from matplotlib.text import Text

    return [text.get_text() for text in figure.findobj(Text)]


@pytest.mark.parametrize("name", DRAW)
def test_drawn_twice_the_files_are_the_same(name, tmp_path):
    for suffix in (".png", ".pdf"):
        for number in range(2):
            figures.save(DRAW[name](), tmp_path / f"{number}{suffix}")
        first, second = ((tmp_path / f"{number}{suffix}").read_bytes() for number in range(2))
        assert first == second and len(first) > 5000
        assert b"CreationDate" not in first and b"Software" not in first


@pytest.mark.parametrize("name", DRAW)
def test_png_and_pdf_have_one_layout(name, tmp_path):
    figure, places = DRAW[name](), []
    for suffix in (".png", ".pdf"):
        figures.save(figure, tmp_path / f"drawn{suffix}")
        places.append([axes.get_position().bounds for axes in figure.axes])
    assert places[0] == places[1]


@pytest.mark.parametrize("name", sorted(DRAW.keys() - {"cluster_portrait"}))
def test_places_hold_no_digits_that_change_from_run_to_run(name, tmp_path):
    figure = DRAW[name]()
    figures.save(figure, tmp_path / "drawn.pdf")
    lower_left = [number for axes in figure.axes for number in axes.get_position(original=True).bounds[:2]]
    assert lower_left and all(number == round(number, 6) for number in lower_left)


def test_bars_stand_in_table_order_with_numbers_and_chance():
    figure = DRAW["query_by_example"]()
    axes = figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["Baseline\nlog-mel features", "my model"]
    assert [bar.get_width() for bar in axes.patches] == pytest.approx([0.205, 0.405])
    assert [bar.get_y() for bar in axes.patches] == sorted((bar.get_y() for bar in axes.patches), reverse=True)
    assert {"0.205", "0.405", "chance 0.331"} <= set(texts(figure))
    assert "experiment toy · bar: mean, whisker: lowest to highest of 2 evaluation seeds" in texts(figure)


def test_clusterings_stand_side_by_side():
    figure = DRAW["clustering"]()
    purity = figure.axes[0]
    assert [bar.get_width() for bar in purity.patches] == pytest.approx([0.7, 0.6, 0.6, 0.5])  # head, then k-means
    assert {"Purity", "64", "0.60", "0.50", "k-means of the same embedding, as many clusters"} <= set(texts(figure))


def test_stages_are_joined_as_far_as_they_go():
    """The rows of `metrics` rise by 0.1 from model to model: 0.4, 0.5 in the paper's line, 0.6 alone beside it."""
    left = DRAW["stages"]().axes[0]
    lines = [line.get_ydata() for line in left.get_lines() if line.get_marker() == "o"]
    assert [list(line) for line in lines] == [pytest.approx([0.405, 0.505]), pytest.approx([0.605])]


def test_a_stage_that_is_trained_on_alone_stands_beside_the_next():
    """From stage 1, at place 0, over what it has after as many steps as stages 2 and 3; from stage 2 likewise."""
    models = ("stage1", "stage1_to_2", "stage1_to_3", "stage2", "stage2_to_3", "stage3")
    left = figures.stages(metrics(models=models)).axes[0]
    dashed = [line for line in left.get_lines() if line.get_linestyle() == "--"]
    values = [np.column_stack([line.get_xdata() + 0.04, line.get_ydata()]) for line in dashed]
    np.testing.assert_allclose(values[0], [[0, 0.405], [1, 0.505], [2, 0.605]])
    np.testing.assert_allclose(values[1], [[1, 0.705], [2, 0.805]])


def test_a_map_colours_the_segments_of_one_class():
    figure = DRAW["embedding_map"]()
    left, right = figure.axes
    assert [len(dots.get_offsets()) for dots in left.collections] == [5, 12, 6]
    assert len(right.collections) == 3 and {"Ape", "Bee"} <= set(texts(figure))


def test_a_sweep_is_drawn_by_value_with_a_ring_at_its_own():
    (top, _) = DRAW["sweeps"]().axes
    curve, ring = top.get_lines()
    np.testing.assert_allclose(curve.get_ydata(), [0.405, 0.505])  # γ = 1, then 1.1, whatever the order given
    assert list(ring.get_xdata()) == [1]
    assert [label.get_text() for label in top.get_xticklabels()] == ["1", "1.1"]


@pytest.mark.parametrize("count, bands", [(2, 2), (6, 6), (7, 1)])
def test_of_many_strategies_the_first_alone_has_a_band(count, bands):
    strategies = ("random", "cluster", "cluster_unpropagated", "cluster_merged", "kmeans", "core_set", "spread")[:count]
    left = figures.label_efficiency(metrics(strategies=strategies, models=("stage3",))).axes[0]
    assert len(left.collections) == bands
    assert (left.collections[0].get_facecolor()[0][:3] == to_rgb(figures.STRATEGY_COLOURS["random"])).all()


def test_the_ceiling_and_log_mel_are_drawn_beside_the_strategies_of_a_model():
    """Random labels on log-mel features are a line in the panel of the model, not panels of their own."""
    numbers = metrics(strategies=("random", "cluster", "ceiling"), models=("log_mel", "stage3"))
    left, _ = figures.label_efficiency(numbers).axes
    dotted, dashed = (line for line in left.get_lines() if line.get_linestyle() in (":", "-."))
    curve = numbers[(numbers["strategy"] == "ceiling") & (numbers["model"] == "stage3")]
    assert list(dotted.get_xdata()) == [8, 16, 32, 64] == list(dashed.get_xdata())
    np.testing.assert_allclose(
        dotted.get_ydata(), curve[curve["metric"] == "mAP"].groupby("budget")["value"].mean().to_numpy()
    )
    assert {"Ceiling: knows the true classes", "Random segments, log-mel features"} <= set(texts(left.figure))


def with_systems(numbers):
    """Two systems beside the strategies of a results table, the second better by as much as two doublings of labels."""
    rows = [
        (system, "system", "random", budget, seed, metric, value)
        for system, ahead in (("labels_scratch", 0), ("labels_paper", 2))
        for seed in (0, 1)
        for number, budget in enumerate((8, 16, 32, 64))
        for metric, value in (("mAP", 0.1 + 0.1 * (number + ahead) + 0.01 * seed), ("labels_asked", budget))
    ]
    systems = pd.DataFrame(rows, columns=["model", "evaluation", "strategy", "budget", "seed", "metric", "value"])
    return pd.concat([numbers, systems.assign(experiment="toy")], ignore_index=True)


def test_whole_networks_have_panels_of_their_own_below_the_strategies():
    figure = figures.label_efficiency(with_systems(metrics(models=("stage3",))))
    assert len(figure.axes) == 4
    left, right = figure.axes[2:]
    assert [line.get_label() for line in left.get_lines()] == [
        "Supervised from scratch, random segments",
        "As in the paper: stage 4, one per cluster",
    ]
    np.testing.assert_allclose(right.get_lines()[0].get_ydata(), 4)  # two doublings
    assert "4.0× fewer labels" in [text.get_text() for text in left.texts]


def test_a_whole_network_of_one_budget_is_a_dot():
    numbers = with_systems(metrics(models=("stage3",)))
    other = (numbers["model"] == "labels_paper") & (numbers["budget"] != 16)
    left, right = figures.label_efficiency(numbers[~other]).axes[2:]
    (dot, _) = right.get_lines()
    assert dot.get_marker() == "o" and dot.get_ydata() == pytest.approx([4])
    assert left.get_lines()[1].get_xdata().tolist() == [16]


def test_learning_curves_share_a_panel():
    """Two rows with lengths in common: two lines, each at the places of its own lengths."""
    swept = {
        "a": {"model": "stage1", "key": "steps", "rows": [[100, "a-100"], [400, "stage1"]]},
        "b": {"model": "stage3", "key": "steps", "rows": [[100, "b-100"], [900, "stage3"]]},
    }
    top, bottom = figures.sweeps(metrics(models=("a-100", "stage1", "b-100", "stage3")), swept).axes
    first, _, second, ring = top.get_lines()
    np.testing.assert_allclose([first.get_ydata(), second.get_ydata()], [[0.405, 0.505], [0.605, 0.705]])
    assert [list(line.get_xdata()) for line in (first, second, ring)] == [[0, 1], [0, 2], [2]]
    assert [label.get_text() for label in bottom.get_xticklabels()] == ["100", "400", "900"]
    assert [text.get_text() for text in top.get_legend().get_texts()] == [
        "Stage 1: AV coincidence",
        "Stage 3 (+ clustering)",
    ]


def legend(figure):
    """Text → colour and line style or fill of the figure's legend."""
    (found,) = figure.legends
    handles = zip(found.get_texts(), found.legend_handles, strict=True)
    return {text.get_text(): handle for text, handle in handles}


def test_bars_are_coloured_by_kind_whatever_the_rows_are_called():
    models = ["stage2_plus", "my_model", "stage2", "my_model_plus"]
    figure = figures.shallow_classifier(metrics(models=models))
    axes = figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()[1:]] == [
        "Stage 2\n+ audio–audio coincidence",
        "my model",
        "Stage 2 plus\n+ audio–audio coincidence, augmented",
        "my model plus\n(augmented)",
    ]
    kinds = {bar.get_facecolor(): kind for kind, bar in legend(figure).items()}
    assert [kinds[bar.get_facecolor()] for bar in axes.patches] == [
        "baseline", "as in the paper", "other", "plus", "plus",
    ]  # fmt: skip


def test_a_legend_names_only_what_is_drawn():
    assert list(legend(figures.query_by_example(metrics(models=["stage1"])))) == ["baseline", "as in the paper"]


def test_models_have_their_own_panels_in_table_order_on_one_scale():
    figure = DRAW["label_efficiency"]()
    above, above_right, below, below_right = figure.axes[:4]  # and those of whole networks
    assert [axes.get_title(loc="left") for axes in figure.axes[:4]] == [
        "Stage 3 plus (+ clustering, augmented): what a label buys",
        "Label reduction",
        "Stage 3 (+ clustering): what a label buys",
        "Label reduction",
    ]
    random = [axes.lines[0].get_ydata().tolist() for axes in (above, below)]
    assert random == [pytest.approx([0.1, 0.2, 0.3, 0.4]), pytest.approx([0.2, 0.3, 0.4, 0.5])]
    assert above.get_ylim() == below.get_ylim() and above_right.get_ylim() == below_right.get_ylim()
    assert {"all 100 labels: 0.500", "all 100 labels: 0.600"} <= set(texts(figure))
    assert list(legend(figure)) == ["Random segments", "One per cluster, propagated to the cluster"]


@pytest.mark.parametrize("name", DRAW)
def test_no_words_leave_the_figure_or_lie_on_others(name):
    check_words(DRAW[name]())


def check_words(figure):
    FigureCanvasAgg(figure).draw()
    words = [*figure.texts, *(text for legend in figure.legends for text in legend.get_texts())]
    for axes in figure.axes:
        if axes.get_visible():
            words += [*axes.texts, axes._left_title, axes.xaxis.label, axes.yaxis.label, *axes.get_yticklabels()[1:-1]]
    boxes = [(text.get_text(), text.get_window_extent()) for text in words if text.get_text()]
    for text, box in boxes:
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= figure.bbox.x1 and box.y1 <= figure.bbox.y1, text
    for (one, first), (other, second) in combinations(boxes, 2):
        assert not first.padded(-1).overlaps(second.padded(-1)), (one, other)


def test_the_ruler_says_the_best_reduction():
    words = texts(figures.label_efficiency(metrics()))
    assert {"2.0× fewer labels", "all 100 labels: 0.500", "median 2.0×, best 2.0×"} <= set(words)


def as_good_as_all(**labels):
    """The figure of strategies that do as well with so many labels, by name, as with all."""
    table = metrics()
    asked = (table["evaluation"] == "label_efficiency") & (table["metric"] == "mAP") & (table["strategy"] != "all")
    early = table["strategy"].map(labels)
    table.loc[asked, "value"] = np.where(table["budget"] >= early, 0.5, 0.1 + table["budget"] / 1000)[asked]
    return figures.label_efficiency(table)


def test_words_keep_apart_where_a_few_labels_do_as_well_as_all():
    figure = as_good_as_all(cluster=16, random=64)
    assert "4.0× fewer labels" in texts(figure)
    check_words(figure)


def test_the_words_of_a_ruler_as_long_as_its_panel_stay_in_it():
    figure = as_good_as_all(cluster=8, random=64)  # the fewest and the most
    FigureCanvasAgg(figure).draw()
    (words,) = (text for text in figure.axes[0].texts if "fewer labels" in text.get_text())
    assert words.get_window_extent().x1 <= figure.axes[0].bbox.x1


def test_a_strategy_whose_curve_is_missing_leaves_no_ruler():
    words = texts(figures.label_efficiency(metrics(strategies=("random",), seeds=(0,))))
    assert "No mAP that\nboth curves reach" in words and not any("× fewer" in word for word in words)


def test_an_unknown_strategy_is_drawn_by_its_name():
    table = metrics()
    table.loc[table["strategy"] == "cluster", "strategy"] = "my_own"
    assert "my own" in texts(figures.label_efficiency(table))


def test_panels_show_what_was_measured_and_no_untrained_cluster_head():
    figure = DRAW["training_curves"]()
    shown = {axes.get_title(loc="left"): axes for axes in figure.axes if axes.get_visible()}
    assert list(shown) == ["Total loss", "Audio–visual coincidence", "Clustering", "Clusters in use, held out"]
    lines = shown["Clusters in use, held out"].lines
    assert [line.get_ydata().tolist() for line in lines] == [[100, 200, 300, 400], [200, 400, 600, 800]]


def test_a_row_and_its_augmented_pair_share_a_colour():
    figure = DRAW["training_curves"]()
    stage1, stage3, plus = figure.axes[0].lines
    assert [line.get_linestyle() for line in (stage1, stage3, plus)] == ["-", "-", "--"]
    assert stage3.get_color() == plus.get_color() != stage1.get_color()
    names = legend(figure)
    assert list(names) == [
        "Stage 1: AV coincidence", "Stage 3 (+ clustering)", "without plus", "plus",
    ]  # fmt: skip
    assert names["Stage 3 (+ clustering)"].get_color() == plus.get_color()
    alone = {key: history for key, history in histories().items() if key[0] != "stage3_plus"}
    assert len(legend(figures.training_curves(alone))) == 2


def test_portrait_of_fewer_clusters_exemplars_and_pictures():
    words = texts(DRAW["cluster_portrait"]())
    assert "1. cluster 0: 5 windows (5.0%)" in words
    assert words.count("no picture") == 2
    assert "20% A very long name of a cla…" in words
    assert texts(figures.cluster_portrait(portraits(clusters=1)))


def test_figures_need_no_network():
    code = "import c3.report.figures, sys; sys.exit(any(n in sys.modules for n in ('tensorflow', 'keras', 'librosa')))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
