"""AudioSet at its full size, as far as that can be had without AudioSet."""

import os
import subprocess
import sys
import time

import numpy as np
import pandas as pd
from project import copy_project, jobs

from c3.data import manifest
from c3.data.sources import audioset

SEGMENTS, EVALUATION = 2_000_000, 20_000


def planned(folder):
    """Jobs of a dry run of config/audioset.yaml: rule names, output; seconds and GiB that it took."""
    command = [sys.executable, "-m", "snakemake", "--configfile", "config/audioset.yaml", "--dry-run", "--cores", "2"]
    started = time.monotonic()
    with open(folder / "output.txt", "w+") as out:
        process = subprocess.Popen([*command, "--", "all"], cwd=folder, stdout=out, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        output = out.read()
    assert process.returncode == 0, output[-3000:]
    return jobs(output), output, time.monotonic() - started, usage.ru_maxrss / 2**20


def test_the_dag_of_audioset_is_built_in_a_minute_and_4_gib(tmp_path):
    """A job per shard, never per clip, whether the manifest is still to be made or there."""
    folder = copy_project(tmp_path)
    rng = np.random.default_rng(0)
    classes = pd.DataFrame({"label": [f"/m/{number:04x}" for number in range(527)]})
    classes["name"] = classes["label"]
    lists = np.empty(len(classes), object)
    lists[:] = [[label] for label in classes["label"]]
    starts = rng.integers(0, 30, SEGMENTS) * 10.0
    segments = pd.DataFrame(
        {
            "ytid": [f"{number:011d}" for number in range(SEGMENTS)],
            "start": starts,
            "end": starts + 10,
            "labels": lists[rng.integers(0, len(lists), SEGMENTS)],
        }
    )
    published = folder / "data/audioset"
    (published / "media").mkdir(parents=True)
    audioset.write_segments(published / "unbalanced_train_segments.csv", segments[EVALUATION:])
    audioset.write_segments(published / "balanced_train_segments.csv", segments[:1])
    audioset.write_segments(published / "eval_segments.csv", segments[:EVALUATION])
    audioset.write_class_labels(published / "class_labels_indices.csv", classes)

    rules, output, seconds, memory = planned(folder)
    assert {"manifest", "extract", "index", "train", "figures"} <= rules
    assert "wildcards: shard=999" in output and "wildcards: shard=1000" not in output
    assert seconds < 60 and memory < 4

    made = folder / "results/audioset"
    made.mkdir(parents=True)
    table = segments.assign(segment_id=segments["ytid"], recording_id=segments["ytid"], media_start=segments["start"])
    table["audio_path"] = table["video_path"] = "data/audioset/media/" + table["ytid"] + ".mp4"
    table["split"] = np.where(np.arange(SEGMENTS) < EVALUATION, "evaluation", "train")
    for name in ("missing.csv", "files.csv", "classes.csv"):
        (made / name).touch()
    manifest.write(table, made / "manifest.parquet")
    rules, output, seconds, memory = planned(folder)
    assert "manifest" not in rules and {"extract", "index", "train", "figures"} <= rules
    assert seconds < 60 and memory < 4
