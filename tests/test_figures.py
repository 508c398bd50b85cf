"""Figures are drawn from tables alone, twice the same, and stay readable when data is missing."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from c3 import figures


def metrics(strategies=("random", "cluster"), seeds=(0, 1)):
    numbers = []
    for model, precision in (("log_mel", 0.2), ("my_model", 0.4)):
        for seed in seeds:
            numbers += [
                (model, "query_by_example", None, None, seed, "mAP", precision + 0.01 * seed),
                (model, "query_by_example", None, None, seed, "chance", 0.331),
                (model, "shallow_classifier", None, None, seed, "mAP", precision + 0.01 * seed),
                (model, "shallow_classifier", None, None, seed, "d_prime", 1.0),
            ]
    for seed in seeds:
        numbers += [
            ("my_model", "label_efficiency", "all", None, seed, "mAP", 0.5),
            ("my_model", "label_efficiency", "all", None, seed, "labels_asked", 100),
        ]
        for strategy in strategies:
            for number, budget in enumerate((8, 16, 32, 64)):
                precision = 0.1 + 0.1 * number + 0.1 * (strategy == "cluster")
                common = ("my_model", "label_efficiency", strategy, budget, seed)
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
        "frames": rng.integers(0, 255, (clusters, 8, 8, 3), dtype=np.uint8),
        "has_frame": np.arange(clusters) % 2 == 0,
        "names": np.array([["Ape", "A very long name of a class, with commas"]] * clusters),
        "shares": np.array([[0.9, 0.2]] * clusters),
    }


def histories():
    step = np.arange(100, 500, 100)
    audio_visual = pd.DataFrame({"step": step, "loss": 1 / step, "audio_visual": 1 / step, "active_clusters": 3})
    clustered = audio_visual.assign(clustering=-1.0, active_clusters=step, auc_audio_audio=np.nan)
    return {("stage1", "0"): audio_visual, ("stage1", "1"): audio_visual + 1, ("stage3", "0"): clustered}


DRAW = {
    "query_by_example": lambda: figures.query_by_example(metrics()),
    "shallow_classifier": lambda: figures.shallow_classifier(metrics()),
    "label_efficiency": lambda: figures.label_efficiency(metrics()),
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


def test_bars_stand_in_table_order_with_numbers_and_chance():
    figure = DRAW["query_by_example"]()
    axes = figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["Baseline\nlog-mel features", "my model"]
    assert [bar.get_width() for bar in axes.patches] == pytest.approx([0.205, 0.405])
    assert [bar.get_y() for bar in axes.patches] == sorted((bar.get_y() for bar in axes.patches), reverse=True)
    assert {"0.205", "0.405", "chance 0.331"} <= set(texts(figure))
    assert "experiment toy · bar: mean, whisker: lowest to highest of 2 evaluation seeds" in texts(figure)


def test_the_ruler_says_the_best_reduction():
    words = texts(DRAW["label_efficiency"]())
    assert {"2.0× fewer labels", "all 100 labels: 0.500", "median 2.0×, best 2.0×"} <= set(words)


def test_a_strategy_whose_curve_is_missing_leaves_no_ruler():
    words = texts(figures.label_efficiency(metrics(strategies=("random",), seeds=(0,))))
    assert "No mAP that\nboth curves reach" in words and not any("× fewer" in word for word in words)


def test_an_unknown_strategy_is_drawn_by_its_name():
    table = metrics()
    table.loc[table["strategy"] == "cluster", "strategy"] = "core_set"
    assert "core set" in texts(figures.label_efficiency(table))


def test_panels_show_what_was_measured_and_no_untrained_cluster_head():
    figure = DRAW["training_curves"]()
    shown = {axes.get_title(loc="left"): axes for axes in figure.axes if axes.get_visible()}
    assert list(shown) == ["Total loss", "Audio–visual coincidence", "Clustering", "Clusters in use, held out"]
    lines = [line for line in shown["Clusters in use, held out"].lines if len(line.get_xdata())]
    assert len(lines) == 1 and lines[0].get_ydata().tolist() == [100, 200, 300, 400]


def test_portrait_of_fewer_clusters_exemplars_and_pictures():
    words = texts(DRAW["cluster_portrait"]())
    assert "1. cluster 0: 5 windows (5.0%)" in words
    assert words.count("no picture") == 2
    assert "20% A very long name of a cla…" in words
    assert texts(figures.cluster_portrait(portraits(clusters=1)))


def test_figures_need_no_network():
    code = "import c3.figures, sys; sys.exit(any(n in sys.modules for n in ('tensorflow', 'keras', 'librosa')))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
