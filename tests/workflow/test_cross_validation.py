"""Cross-validation over the folds of a benchmark: a tiny tree in the form of ESC-50, from its table to the page."""

import numpy as np
import pandas as pd
import pytest
import soundfile
import yaml
from project import copy_project, jobs, snakemake
from snakemake.utils import update_config

CLASSES = ("dog", "rain", "clock_tick")
OVERLAY = {
    "experiment": "esc50",
    "data": {"source": "benchmark", "validation_share": 0.2},
    "models": [],  # the features alone: what is trained for each fold is as everywhere
    "evaluation": {"label_efficiency": {"models": []}},
    "paper": {"models": [], "strategies": [], "sweeps": []},
    "training": {"delta_t": 1},
}


@pytest.fixture
def tree(tmp_path):
    """ESC-50's table and folders: three folds of three classes, two sources each, one of them with two takes; of the
    fourth fold only the rows."""
    folder = copy_project(tmp_path)
    rng, rows = np.random.default_rng(0), []
    (folder / "data/audio").mkdir(parents=True)
    for fold in range(1, 5):
        for target, category in enumerate(CLASSES):
            for source, take in ((1, "A"), (1, "B"), (2, "A"), (3, "A")):
                clip = 10_000 + 100 * fold + 10 * target + source
                name = f"{fold}-{clip}-{take}-{target}.wav"
                rows.append((name, fold, target, category, target < 2, clip, take))
                if fold < 4:
                    time = np.arange(2 * 16_000) / 16_000
                    tone = np.sin(2 * np.pi * (300 + 900 * target + 20 * source) * time)
                    sound = 0.3 * tone + rng.normal(size=len(time)) * 0.05
                    soundfile.write(folder / "data/audio" / name, sound, 16_000)
    columns = ["filename", "fold", "target", "category", "esc10", "src_file", "take"]
    pd.DataFrame(rows, columns=columns).to_csv(folder / "data/esc50.csv", index=False)
    return folder


def run(folder, *arguments, folds):
    section = {"train": ["data/esc50.csv"], "media": "data/audio", "folds": list(folds)}
    values = yaml.safe_load((folder / "config/smoke.yaml").read_text())
    update_config(values, {**OVERLAY, "benchmark": section})
    (folder / "own.yaml").write_text(yaml.safe_dump(values))
    return snakemake(folder, *arguments, config="own.yaml")


def test_each_fold_is_held_out_and_one_table_joins_them(tree):
    done = run(tree, "folds", folds=[1, 3])
    assert done.returncode == 0, done.stdout[-5000:]
    results = tree / "results/esc50"
    table = pd.read_csv(results / "folds.csv")
    assert set(table["fold"]) == {"fold 1", "fold 3"}
    for fold in (1, 3):
        assert (results / f"fold-{fold}/checked.txt").is_file()  # before the hours of a fold
        manifest = pd.read_parquet(results / f"fold-{fold}/manifest.parquet")
        held_out = manifest["segment_id"].str.startswith(f"{fold}-")
        assert (held_out == (manifest["split"] == "evaluation")).all() and held_out.sum() == 12 and len(manifest) == 36
        alone = pd.read_csv(results / f"fold-{fold}/metrics.csv")
        joined = table[table["fold"] == f"fold {fold}"].drop(columns="fold").reset_index(drop=True)
        pd.testing.assert_frame_equal(alone, joined)
    page = (results / "folds.md").read_text()
    assert "# esc50: ESC-50" in page and "OpenL3" in page and "UrbanSound8K" not in page
    assert "**A part of ESC-50:**" in page and "| fold 3 | " in page
    again = run(tree, "--dry-run", "folds", folds=[1, 3])
    assert "Nothing to be done" in again.stdout


def test_one_fold_and_a_fold_that_is_not_there(tree):
    planned = run(tree, "--dry-run", "all", folds=[2])
    assert "results/esc50/fold-2/metrics.csv" in planned.stdout and "fold-1" not in planned.stdout
    assert {"manifest", "metrics"} <= jobs(planned.stdout)
    refused = run(tree, "data", folds=[4])
    assert refused.returncode != 0
    assert "benchmark.folds holds out fold 4, but data/audio has clips of folds 1, 2, 3" in refused.stdout
