"""Real media files, broken in every way that comes to mind, each decoded in a process of 1 GiB and 20 s of its own.

No crash, no hang, nothing but a reason (:class:`Quarantined`), no value that is no number, no segment longer than the
file. What a run finds becomes a small test elsewhere. `make fuzz` runs this; the seed of a file that fails is printed,
and `--seed` with it makes that file again.
"""

import argparse
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

import av
import numpy as np
import soundfile

from c3 import config
from c3.data import features, media
from c3.data.media import Quarantined
from c3.data.probe import probe
from c3.data.sources.folder import cut

ROOT = Path(__file__).parents[2]
REAL = Path(os.environ.get("C3_REAL_DATA", ROOT.parent / "shared" / "real"))
MEMORY, SECONDS = 2**30, 20
CONTAINERS = {
    "wav": ("pcm_s16le", "s16"),
    "flac": ("flac", "s16"),
    "ogg": ("flac", "s16"),
    "mp3": ("libmp3lame", "fltp"),
    "opus": ("libopus", "flt"),
    "m4a": ("aac", "fltp"),
    "mkv": ("aac", "fltp"),
    "mts": ("mp2", "s16"),
    "avi": ("pcm_s16le", "s16"),
    "aiff": ("pcm_s16be", "s16"),
    "caf": ("pcm_s16be", "s16"),
    "wma": ("wmav2", "fltp"),
    "aac": ("aac", "fltp"),
    "w64": ("pcm_s24le", "s32"),
}


def originals(folder: Path) -> list[Path]:
    """Real recordings in every container, and a film."""
    sources = sorted(REAL.glob("esc10/*/*.ogg"))[::50] if REAL.is_dir() else []
    sounds = [soundfile.read(path, dtype="float32", always_2d=True)[0][:, 0] for path in sources]
    sounds = sounds or [np.random.default_rng(0).uniform(-0.5, 0.5, 5 * 44_100).astype(np.float32)]
    paths = []
    for number, (suffix, (codec, kind)) in enumerate(CONTAINERS.items()):
        path = folder / f"{number}.{suffix}"
        with av.open(str(path), "w") as container:
            stream = container.add_stream(codec, rate=48_000, layout="mono")
            stream.bit_rate = 128_000
            block = av.AudioFrame.from_ndarray(sounds[number % len(sounds)][None], format="fltp", layout="mono")
            block.sample_rate, block.pts = 44_100, 0
            resampler = av.AudioResampler(format=kind, layout="mono", rate=48_000)
            for frame in [*resampler.resample(block), *resampler.resample(None)]:
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        paths.append(path)
    paths += [shutil.copy(path, folder / f"real {path.name}") for path in sources[:2]]  # Vorbis
    paths = [Path(path) for path in paths]
    film = np.random.default_rng(0).integers(0, 255, (20, 48, 64, 3), np.uint8)
    for suffix in ("mp4", "mov"):
        paths.append(folder / f"film.{suffix}")
        media.encode(paths[-1], sounds[0], 44_100, film, 4, "aac")
    return paths


def mutated(contents: list[bytes], seed: int) -> bytes:
    """One of the files with one to three faults."""
    chance = random.Random(seed)
    content = bytearray(chance.choice(contents))
    for _ in range(chance.randint(1, 3)):
        fault = chance.choice(
            ["flip", "flip", "cut", "double", "head", "head", "numbers", "numbers", "cross", "hole", "noise"]
        )
        size = max(len(content), 1)
        place = chance.randrange(size)
        if fault == "flip":
            for _ in range(chance.choice([1, 10, 100, 1000])):
                if content:
                    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        elif fault == "cut":
            del content[place:]
        elif fault == "double":
            content += content[: chance.choice([place, size])]
        elif fault == "head":
            for _ in range(chance.choice([1, 3, 10])):
                if content:
                    content[chance.randrange(min(len(content), 200))] = chance.randrange(256)
        elif fault == "numbers":
            at = chance.randrange(max(min(size, chance.choice([64, 200, size])) - 8, 1))
            number = chance.choice([0, 1, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, chance.randrange(2**32)])
            content[at : at + 4] = number.to_bytes(4, chance.choice(["big", "little"]))
        elif fault == "cross":
            other = chance.choice(contents)
            content[place:] = other[chance.randrange(len(other)) :]
        elif fault == "hole":
            content[place : place + chance.randrange(5000)] = bytes(chance.randrange(5000))
        elif fault == "noise":
            content[place : place + 2000] = chance.randbytes(2000)
    return bytes(content)


def check(path: str) -> str:
    """What comes of a file, in a word; raises where it must not."""
    spec = config.Features(frame_pixels=16)
    try:
        sound = probe(path)
    except Quarantined as error:
        return error.reason
    assert 0 < sound.seconds <= os.path.getsize(path), f"{sound.seconds} s in {os.path.getsize(path)} bytes"
    segments, ends, reasons = cut(sound.seconds, 2.0), [], set()
    chosen = [*segments[:4], *segments[-2:]]
    for start, end in chosen:
        row = argparse.Namespace(
            audio_path=path, video_path=path if sound.has_pictures else None, start=start, end=end, media_start=start
        )
        try:
            got = features.extract(row, spec)
        except Quarantined as error:
            reasons.add(error.reason)
            continue
        assert np.isfinite(got.rows).all(), "not a number"
        assert got.seconds <= end - start + 0.001, f"a segment of {got.seconds} s, asked for {end - start}"
        ends.append(end)
    return "used" if ends else min(reasons)


def alone(path: str) -> tuple[str, float]:
    """The word for a file, or what went wrong, from a process with limits; and its seconds."""
    begun = time.monotonic()
    read, write = os.pipe()
    child = os.fork()
    if not child:
        with open(write, "w", errors="replace") as out, open("/proc/self/status") as status:
            used = next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmSize"))
            resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, used + MEMORY))
            signal.alarm(SECONDS)
            try:
                out.write(check(path))
            except BaseException as error:
                place = traceback.extract_tb(error.__traceback__)[-1]
                out.write(f"FAILS: {type(error).__name__} {error} ({Path(place.filename).name}:{place.lineno})")
            out.flush()
            os._exit(0)
    os.close(write)
    with open(read, errors="replace") as said:
        word = said.read().strip()
    _, status = os.waitpid(child, 0)
    if code := os.waitstatus_to_exitcode(status):
        word = f"FAILS: {signal.Signals(-code).name if code < 0 else code}"
    return word, time.monotonic() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument(
        "--seed", type=int, default=random.randrange(2**32), help="of the first file; the next have the next"
    )
    parser.add_argument("--keep", type=Path, help="folder for the files that fail")
    args = parser.parse_args()
    print(f"{args.files} files from seed {args.seed} on", flush=True)
    words, failed, slowest = Counter(), 0, (0.0, 0)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        paths = originals(folder)
        for path in paths:
            assert check(str(path)) == "used", f"{path.name}, as it was made: {check(str(path))}"
        contents = [path.read_bytes() for path in paths]
        for seed in range(args.seed, args.seed + args.files):
            path = folder / f"{seed}{paths[seed % len(paths)].suffix}"
            path.write_bytes(mutated(contents, seed))
            word, took = alone(str(path))
            words[word.split(":")[0]] += 1
            slowest = max(slowest, (took, seed))
            if word.startswith("FAILS"):
                failed += 1
                print(f"seed {seed} ({path.suffix}): {word}", flush=True)
                if args.keep:
                    args.keep.mkdir(exist_ok=True, parents=True)
                    path.rename(args.keep / path.name)
            path.unlink(missing_ok=True)
    print(", ".join(f"{word} {count}" for word, count in words.most_common()))
    print(f"slowest: {slowest[0]:.1f} s, seed {slowest[1]}")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
