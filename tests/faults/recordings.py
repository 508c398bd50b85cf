"""Recordings and sheets of which little can be learnt: each gives a result or one sentence.

`make faults` runs this. All recordings the same, one class alone in the sheet, one label, labels of one segment alone.
"""

import json
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))
from project import copy_project, snakemake

OVERLAY = {
    "data": {"validation_share": 0.2, "seed": 1, "max_quarantined": 0.5},
    "features": {"frame_pixels": 32},
    "storage": {"shards": 2},
    "network": {"clusters": 16, "coincidence_units": 32, "classifier_units": 16},
    "training": {"delta_t": 3, "steps": 10, "batch": 4, "evaluate_every": 5, "seeds": [0]},
    "rows": {"classes_plus": {"labels": {"budget": 4}}},
}
RATE = 16_000


def run(folder: Path, **section) -> str:
    """How a run of config/folder.yaml ends: its sentence, or what was made. No traceback is allowed."""
    section = {"root": "recordings", "segment_seconds": 4, "recording_seconds": 12, **section}
    settings = [f"{key}={json.dumps(value)}" for key, value in {**OVERLAY, "folder": section}.items()]
    done = snakemake(folder, "--config", *settings, "--", "all", config="config/folder.yaml", details=False)
    if done.returncode == 0:
        return "a result"
    sentences = re.findall(r"^c3: .*$", done.stdout, re.MULTILINE)
    assert sentences and "Traceback" not in done.stdout, done.stdout[-3000:]
    return sentences[-1]


def recordings(folder: Path, sounds: dict[str, np.ndarray]) -> Path:
    """A project with these recordings."""
    copy_project(folder)
    (folder / "recordings").mkdir()
    for name, sound in sounds.items():
        soundfile.write(folder / f"recordings/{name}.wav", sound, RATE)
    return folder


def answered(folder: Path, **answers) -> Iterator[str]:
    """The runs after the sheet was answered with each of the ``answers``, which are functions of its rows."""
    sheet = pd.read_csv(folder / "results/folder/sheets/classes_plus.csv", keep_default_na=False)
    for name, answer in answers.items():
        path = folder / f"{name}.csv"
        sheet.assign(labels=[answer(row) for row in range(len(sheet))]).to_csv(path, index=False)
        (folder / "results/folder/sheets/classes_plus.csv").unlink(missing_ok=True)
        yield f"{name.replace('_', ' ')}: {run(folder, sheets=[path.name])}"


def main() -> None:
    chance = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as made:
        made = Path(made)
        equal = 0.1 * chance.standard_normal(12 * RATE)
        folder = recordings(_new(made / "equal"), {f"r{number}": equal for number in range(8)})
        print(f"all recordings the same: {run(folder)}", flush=True)
        sounds = {f"r{number}": 0.1 * chance.standard_normal(12 * RATE) for number in range(8)}
        folder = recordings(_new(made / "labels"), sounds)
        print(f"eight recordings of noise: {run(folder)}", flush=True)
        for line in answered(
            folder,
            one_class_in_all_rows=lambda row: "wren",
            one_label=lambda row: "wren" if row == 0 else "",
            one_label_and_nothing_heard_elsewhere=lambda row: "wren" if row == 0 else "none",
            nothing_heard_in_all_rows=lambda row: "none",
            no_label=lambda row: "",
        ):
            print(line, flush=True)


def _new(folder: Path) -> Path:
    folder.mkdir()
    return folder


if __name__ == "__main__":
    main()
