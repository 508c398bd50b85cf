"""Seconds from AudioSet's lists and media to the manifest and its counts, as `scripts/manifest.py` takes them.

20,000 segments (2 million with --full), of which three quarters have a file, named as four downloaders name them. The
files are empty, but for those whose name has no start: of these the length is looked up, in a WAV of 10 s.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import common
import numpy as np
import pandas as pd
import soundfile

from c3.data.sources import audioset

ROOT = Path(__file__).parents[2]
NAMES = ("{}_30000_40000.flac", "{}_30.0-40.0.ogg", "Y{}_30.000_40.000.wav", "Y{}.wav")


def make(folder: Path, count: int) -> dict:
    """Lists and media; returns the options of the script."""
    ytids = [audioset.make_ytid(number) for number in range(count)]
    segments = pd.DataFrame({"ytid": ytids, "start": 30.0, "end": 40.0, "labels": [["/m/a"], ["/m/b"]] * (count // 2)})
    is_evaluation = np.arange(count) % 10 < 2
    audioset.write_segments(folder / "train.csv", segments[~is_evaluation])
    audioset.write_segments(folder / "evaluation.csv", segments[is_evaluation])
    classes = pd.DataFrame([("/m/a", "A"), ("/m/b", "B")], columns=["label", "name"])
    audioset.write_class_labels(folder / "classes.csv", classes)
    soundfile.write(folder / "ten.wav", np.zeros(320_000), 32_000)
    for number, ytid in enumerate(ytids[: count * 3 // 4]):
        place = folder / "media" / f"{number % 50:02}"
        place.mkdir(parents=True, exist_ok=True)
        name = NAMES[number % len(NAMES)].format(ytid)
        if number % len(NAMES) == 3:
            os.link(folder / "ten.wav", place / name)
        else:
            (place / name).touch()
    inputs = {name.replace("_", "-"): folder / f"{name}.csv" for name in ("train", "evaluation")}
    return {**inputs, "class-labels": folder / "classes.csv", "media": folder / "media"}


def main():
    count = 2_000_000 if common.arguments(__doc__.partition("\n")[0]).full else 20_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        options = make(folder, count) | {"validation-share": 0.1, "seed": 0, "selection": json.dumps({"sample": 2000})}
        outputs = {"manifest": "m.parquet", "classes": "c.csv", "missing": "missing.csv"}
        options |= {key: folder / file for key, file in outputs.items()}
        words = [str(word) for key, value in options.items() for word in (f"--{key}", value)]
        begin = time.perf_counter()
        subprocess.run([sys.executable, str(ROOT / "scripts/manifest.py"), *words], check=True)
        common.report("manifest", None, "none", segments=count, seconds=time.perf_counter() - begin)


if __name__ == "__main__":
    main()
