"""Media to features: how close extraction comes to decoding and resampling alone, and how it grows with a recording.

Sound is 10 s of 44.1 kHz, stereo in wav, flac and mp3, mono with pictures of 320 x 240 at 25 a second in mp4.
"""

import importlib.util
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from types import SimpleNamespace

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # as in a job

import av
import common
import numpy as np
import soundfile
import soxr

from c3 import config
from c3.data import features, media, store
from c3.data.probe import probe

RATE, SECONDS = 44_100, 10
BATCH = 20  # segments in a timed shard: opening and indexing one is paid once for 2,000 segments in a run
SPEC = config.Features()
CONTAINERS = ("wav", "flac", "mp3", "mp4", "mp4_frames")


def make(folder: Path) -> None:
    """The same ten seconds in every container."""
    times = np.arange(SECONDS * RATE) / RATE
    noise = np.random.default_rng(0).standard_normal(len(times))
    sound = (0.3 * np.sin(2 * np.pi * (200 * times + 100 * times**2)) + 0.05 * noise).astype(np.float32)
    for container in ("wav", "flac", "mp3"):
        soundfile.write(folder / f"clip.{container}", np.stack([sound, 0.8 * sound], axis=1), RATE)
    shift = np.arange(25 * SECONDS)[:, None, None, None] / 20
    y, x, colour = np.arange(240)[:, None, None] / 30, np.arange(320)[:, None] / 40, np.arange(3)
    film = (128 + 60 * np.sin(shift + y + x + colour)).astype(np.uint8)
    media.encode(folder / "clip.mp4", sound, RATE, film, 25, "aac")


def make_long(clip: Path, path: Path, seconds: int) -> None:
    """A clip of ten seconds again and again; of mp3 and mp4 its packets, since coding 12 hours takes too long."""
    times = seconds // SECONDS
    if path.suffix not in (".mp3", ".mp4"):
        samples, _ = soundfile.read(clip, dtype="int16", always_2d=True)
        container = {".wav": "RF64", ".flac": "FLAC"}[path.suffix]  # plain WAV cannot hold more than 4 GB
        with soundfile.SoundFile(path, "w", RATE, samples.shape[1], format=container) as file:
            for _ in range(times):
                file.write(samples)
        return
    with av.open(str(path), "w") as file:
        streams, began = {}, 0.0
        for _ in range(times):
            with av.open(str(clip)) as source:
                streams = streams or {each.index: file.add_stream_from_template(each) for each in source.streams}
                packets = [packet for packet in source.demux() if packet.dts is not None]
                sound = [packet for packet in packets if packet.stream.type == "audio"]
                first = float(sound[0].pts * sound[0].time_base)
                for packet in packets:
                    offset = round((began - first) / packet.time_base)
                    packet.pts, packet.dts = packet.pts + offset, packet.dts + offset
                    packet.stream = streams[packet.stream.index]
                    file.mux(packet)
                began += len(sound) * float(sound[0].duration * sound[0].time_base)


def segment(path: Path, start: float = 0.0, frames: bool = False) -> SimpleNamespace:
    """A row of the manifest."""
    return SimpleNamespace(
        segment_id=f"a_{start:g}",
        recording_id="a",
        split="train",
        audio_path=str(path),
        video_path=str(path) if frames else None,
        start=start,
        end=start + SECONDS,
        media_start=start,
    )


def extract(segments: list[SimpleNamespace], folder: Path) -> None:
    """Features into a shard, as the rule `extract` makes it."""
    pairs = ((row, features.extract(row, SPEC)) for row in segments)
    store.write_shard(pairs, SPEC, 0, folder / "rows.npy", folder / "frames.npy")


def bound(row: SimpleNamespace) -> None:
    """Decoding and resampling alone: by soundfile and soxr; of mp4, which they cannot read, as we do it."""
    if row.audio_path.endswith(("wav", "flac", "ogg", "mp3")):
        samples, rate = soundfile.read(row.audio_path, dtype="float32", always_2d=True)
        soxr.resample(samples @ np.full(2, 0.5, np.float32), rate, SPEC.sample_rate, quality="HQ")
    else:
        media.decode_audio(row.audio_path, row.media_start, SECONDS, SPEC.sample_rate)
    if row.video_path:
        media.decode_frames(row.video_path, row.media_start, SECONDS, SPEC.frames_per_second, SPEC.frame_pixels)


def librosa_features(path: str) -> np.ndarray:
    """The same features by librosa's own resampling and mel spectrogram."""
    import librosa

    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    samples = librosa.resample(samples.mean(axis=1), orig_sr=rate, target_sr=SPEC.sample_rate)
    mel = librosa.feature.melspectrogram(
        y=samples, sr=SPEC.sample_rate, n_fft=512, win_length=400, hop_length=160, n_mels=64, fmin=125, fmax=7500,
        power=1, htk=True, norm=None, center=False,
    )  # fmt: skip
    return np.log(mel + 0.01).T


def torchaudio_rate(path: str) -> float | None:
    """Segments a second by torchaudio, or None where it is not installed."""
    if not importlib.util.find_spec("torchaudio"):
        return None
    import torch
    import torchaudio

    torch.set_num_threads(1)
    resample = torchaudio.transforms.Resample(RATE, SPEC.sample_rate)
    mel = torchaudio.transforms.MelSpectrogram(
        SPEC.sample_rate, 512, 400, 160, 125, 7500, n_mels=64, power=1, center=False
    )

    def run():
        samples = torch.from_numpy(soundfile.read(path, dtype="float32", always_2d=True)[0].T.copy()).mean(0)
        return torch.log(mel(resample(samples)) + 0.01)

    return 1 / median(common.alternately({"torchaudio": run}, repeats=9)["torchaudio"])


def worker(path: str, count: str, frames: str = "") -> None:
    """In a process of its own: ``count`` segments one after the other; prints seconds and peak memory in MiB."""
    rows = [segment(Path(path), SECONDS * i, bool(frames)) for i in range(int(count))]
    with tempfile.TemporaryDirectory() as folder:
        extract(rows[:1], Path(folder))
        start = time.perf_counter()
        extract(rows, Path(folder))
        seconds = time.perf_counter() - start
    # Not ru_maxrss: a child starts with the peak of its parent.
    peak = int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) / 1024
    print(seconds, peak)


def spin(*_) -> None:
    """The control of :func:`worker`: a second or so of plain computation without memory, files or threads."""
    start = time.perf_counter()
    sum(i * i for i in range(12_000_000))
    print(time.perf_counter() - start, 0.0)


def workers(path: Path, count: int, processes: int = 1, job: str = "--worker", frames: str = "") -> tuple[float, float]:
    """The slowest of some workers side by side: seconds, MiB."""
    command = [sys.executable, __file__, job, str(path), str(count), frames]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(processes)]
    return tuple(max(column) for column in zip(*(map(float, p.communicate()[0].split()) for p in running), strict=True))


def main() -> None:
    """Rates by container, side by side, growth."""
    args = common.arguments(__doc__.splitlines()[0])
    shown, growth = {}, []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder)
        for label in CONTAINERS:
            container, _, frames = label.partition("_")
            row = segment(folder / f"clip.{container}", frames=bool(frames))
            functions = {
                "ours": lambda row=row: extract([row] * BATCH, folder),
                "bound": lambda row=row: [bound(row) for _ in range(BATCH)],
            }
            if container != "mp4":
                functions["librosa"] = lambda row=row: [librosa_features(row.audio_path) for _ in range(BATCH)]
            seconds = common.alternately(functions, repeats=21 if args.full else common.REPEATS)
            shown[f"{label}_of_bound"] = common.ratio(seconds["ours"], seconds["bound"])
            shown |= {f"{label}_{who}_per_second": BATCH / median(runs) for who, runs in seconds.items()}
        shown["torchaudio"] = torchaudio_rate(str(folder / "clip.wav"))
        for label in CONTAINERS:
            container, _, frames = label.partition("_")
            long = folder / f"long.{container}"
            make_long(folder / f"clip.{container}", long, 12 * 3600 if args.full else 1000)
            segments = int(probe(str(long)).seconds) // SECONDS
            print(f"{label}: {segments} segments written", flush=True)
            sizes = [max(1, segments // part) for part in (100, 10, 1)]
            runs = [workers(long, size, frames=frames) for size in sizes]
            growth.append(
                common.growth(label.replace("_", " with "), "segments of a recording", sizes, [run[0] for run in runs])
            )
            shown[f"{label}_peak_mib"] = [round(run[1], 1) for run in runs]
            if container == "flac":
                for key, job in (("two_processes", "--worker"), ("two_spinning_processes", "--spin")):
                    pairs = [[workers(long, 60, n, job)[0] for n in (1, 2)] for _ in range(common.REPEATS)]
                    shown[f"{key}_over_one_seconds"] = median(two / one for one, two in pairs)
            long.unlink()
    worst = min(value for key, value in shown.items() if key.endswith("_of_bound"))
    common.report("features", worst, "decoding and resampling alone, worst container", growth=growth, **shown)


if __name__ == "__main__":
    jobs = {"--worker": worker, "--spin": spin}
    if sys.argv[1:] and sys.argv[1] in jobs:
        jobs[sys.argv[1]](*sys.argv[2:])
    else:
        main()
