"""Training: does the loader keep up with the step, and the step with the same one in PyTorch?

Rates of whole steps of stage 3 with augmentation on stored features made for the purpose. The loader's rival is the
same batch again and again; the step's is the same network, losses and optimizer in PyTorch, channels last, where
PyTorch is installed. With --full also what else a step could be: each setting in processes of its own.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from types import SimpleNamespace

import numpy as np
from common import REPEATS, alternately, arguments, ratio, report

from c3 import config
from c3.cli import import_keras

import_keras()

import keras  # noqa: E402

from c3.data import store  # noqa: E402
from c3.models.network import Network  # noqa: E402
from c3.training import curriculum  # noqa: E402
from c3.training.sampling import Sampler  # noqa: E402

ROW = config.Row(losses={"audio_visual": 1.0, "audio_audio": 1.0, "clustering": 0.1}, augmentation=True)
CLUSTERS, UNITS, GAMMA = 256, 512, 1.1
SETTINGS = {  # threads, pixels of a picture, passes of the audio trunk, oneDNN
    "as_it_is": (1, 64, 1, 1),
    "two_threads": (2, 64, 1, 1),
    "pictures_of_32": (1, 32, 1, 1),
    "pictures_of_128": (1, 128, 1, 1),
    "two_audio_passes": (1, 64, 2, 1),
    "without_onednn": (1, 64, 1, 0),
}


def write_features(folder: Path, pixels: int, batch: int) -> store.Features:
    """Noise in the layout of the real thing, enough of it for batches: 10 s a segment, a picture a second."""
    spec, rng = config.Features(frame_pixels=pixels), np.random.default_rng(0)

    def extracts():
        for number in range(max(100, 2 * batch)):
            rows = rng.normal(size=(998, spec.mel_bands)).astype(np.float32)
            frames = rng.integers(0, 256, (10, *spec.frame_shape), dtype=np.uint8)
            segment = SimpleNamespace(segment_id=f"{number:04d}", recording_id=f"{number:04d}", split="train")
            yield segment, store.Extract(rows, frames, np.arange(10, dtype=np.float32) + 0.5, 10.0)

    index = store.write_shard(extracts(), spec, 0, folder / "shard-000.npy", folder / "shard-000.frames.npy")
    store.write_index(index, spec, folder / "index.parquet")
    return store.Features(folder / "index.parquet")


def steps_of(trunk: str, features: store.Features, batch: int, passes: int = 1):
    """A function that makes n training steps on given batches, and the sampler that draws them."""
    sampler = Sampler(features, "train", tuple(ROW.losses), ROW.delta_t, batch, 0, ROW.augmentation)
    network = Network(config.Network(trunk=trunk, clusters=CLUSTERS).model_dump(), features.spec.model_dump())
    if passes > 1:
        in_passes(network.audio_trunk, passes)
    objective = curriculum.compiled(network, ROW, config.Training(batch=batch), sampler.draw(0))

    def train(batches):
        for each in batches:
            objective.train_on_batch(each, return_dict=True)

    return train, sampler


def loader(trunk: str, pixels: int, batch: int, steps: int) -> tuple[float, dict]:
    """Rate with batches drawn while the step before runs, over the rate with one batch repeated from memory."""
    with tempfile.TemporaryDirectory() as folder:
        features = write_features(Path(folder), pixels, batch)
        train, sampler = steps_of(trunk, features, batch)
        kept = sampler.draw(0)
        seconds = alternately(
            {
                "drawn": lambda: train(drawn for _, drawn in curriculum.ahead(sampler.draw, range(steps))),
                "repeated": lambda: train([kept] * steps),
            }
        )
    rate = {f"{trunk}_{name}_steps_per_second": steps / median(each) for name, each in seconds.items()}
    return ratio(seconds["drawn"], seconds["repeated"]), rate


def torch_step(batch: dict, trunk: str):
    """The same step in PyTorch: trunks, heads, losses and Adam on one batch; a function without arguments."""
    import torch
    from torch import nn
    from torch.nn import functional as F

    torch.set_num_threads(1)

    class Convolution(nn.Sequential):
        def __init__(self, before, width, size, stride):
            super().__init__(
                nn.Conv2d(before, width, size, stride, size // 2, bias=False), nn.BatchNorm2d(width, 1e-3, 0.1)
            )

    class Residual(nn.Module):
        def __init__(self, body, shortcut):
            super().__init__()
            self.body, self.shortcut = nn.Sequential(*body), shortcut

        def forward(self, x):
            return F.relu(self.body(x) + self.shortcut(x))

    def block(before, width, stride):
        body = [Convolution(before, width, 3, stride), nn.ReLU(), Convolution(width, width, 3, 1)]
        return Residual(body, nn.Identity() if stride == 1 else Convolution(before, width, 1, stride))

    def bottleneck(before, width, stride):
        narrow, wide = Convolution(before, width, 1, stride), Convolution(width, 4 * width, 1, 1)
        body = [narrow, nn.ReLU(), Convolution(width, width, 3, 1), nn.ReLU(), wide]
        return Residual(body, nn.Identity() if before == 4 * width else Convolution(before, 4 * width, 1, stride))

    def resnet10(channels):
        blocks = [block(a, b, s) for a, b, s in ((16, 16, 1), (16, 32, 2), (32, 64, 2), (64, 128, 2))]
        return [Convolution(channels, 16, 5, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1), *blocks], 128

    def resnet50(channels):
        blocks, before = [], 64
        for width, count, stride in ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)):
            for number in range(count):
                blocks.append(bottleneck(before, width, 1 if number else stride))
                before = 4 * width
        return [Convolution(channels, 64, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1), *blocks], 2048

    def network(channels):
        layers, width = {"resnet10": resnet10, "resnet50": resnet50}[trunk](channels)
        pooled = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, 128))
        return pooled.to(memory_format=torch.channels_last)

    class Head(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = nn.Linear(128, UNITS), nn.Linear(128, UNITS, bias=False)
            self.last = nn.Linear(UNITS, 1)

        def forward(self, f, g):
            return self.last(F.relu(self.first(f)[:, None] + self.second(g)[None]))[..., 0]

    def coincidence(logits):
        n, diagonal = len(logits), torch.diagonal(logits)
        negative = F.softplus(logits).sum() - F.softplus(diagonal).sum()
        return F.softplus(-diagonal).mean() + negative / (n * (n - 1))

    def clustering(logits):
        log_p = F.log_softmax(logits, 1)
        mean = log_p.exp().mean(0)
        return -(log_p.exp() * log_p).sum(1).mean() + GAMMA * (mean * torch.log(mean)).sum()

    parts = nn.ModuleDict(
        {"audio": network(1), "image": network(3), "av": Head(), "aa": Head(), "clusters": nn.Linear(128, CLUSTERS)}
    )
    optimizer = torch.optim.Adam(parts.parameters(), 1e-3)
    n = len(batch["audio"])

    def step():
        windows = torch.from_numpy(np.concatenate([batch["audio"], batch["pair"]]))[:, None]
        frames = torch.from_numpy(batch["frame"]).permute(0, 3, 1, 2).float() / 127.5 - 1  # channels last in memory
        embeddings = parts["audio"](windows.to(memory_format=torch.channels_last))
        audio, pair = embeddings[:n], embeddings[n:]
        losses = [
            coincidence(parts["av"](audio, parts["image"](frames))),
            coincidence(parts["aa"](audio, pair)),
            0.1 * clustering(parts["clusters"](embeddings)),
        ]
        optimizer.zero_grad()
        sum(losses).backward()
        optimizer.step()
        return [float(loss) for loss in losses]

    return step


def against_torch(trunk: str, batch: int, steps: int, repeats: int) -> dict:
    """Our rate over PyTorch's with both rates, one thread each; empty without PyTorch."""
    try:
        import torch
    except ImportError:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        features = write_features(Path(folder), 64, batch)
        train, sampler = steps_of(trunk, features, batch)
        kept = sampler.draw(0)
        step = torch_step(kept, trunk)
        seconds = alternately(
            {"ours": lambda: train([kept] * steps), "torch": lambda: [step() for _ in range(steps)]}, repeats
        )
    rates = {f"{trunk}_{name}_pairs_per_second": steps * batch / median(each) for name, each in seconds.items()}
    return {"torch": torch.__version__, f"{trunk}_torch_ratio": ratio(seconds["ours"], seconds["torch"]), **rates}


def in_passes(trunk, passes: int) -> None:
    """Let a trunk take its batch in parts, one after the other."""
    call = trunk.call

    def parts(inputs, training=None, mask=None):
        return keras.ops.concatenate([call(part, training=training) for part in keras.ops.split(inputs, passes)])

    trunk.call = parts


def child(threads: str, pixels: str, passes: str) -> None:
    """In a process of its own: prints the seconds of 20 steps of the small trunk with 64 pairs."""
    curriculum.set_threads(int(threads))
    with tempfile.TemporaryDirectory() as folder:
        train, sampler = steps_of("resnet10", write_features(Path(folder), int(pixels), 64), 64, int(passes))
        batches = [sampler.draw(0)] * 20
        train(batches[:2])
        start = time.perf_counter()
        train(batches)
    print(time.perf_counter() - start)


def settings() -> dict:
    """Rate of each setting over that of the step as it is, medians over rounds."""
    seconds = {name: [] for name in SETTINGS}
    for _ in range(REPEATS):
        for name, (*values, onednn) in SETTINGS.items():
            command = [sys.executable, __file__, "--child", *map(str, values)]
            environment = os.environ | {"TF_ENABLE_ONEDNN_OPTS": str(onednn)}
            done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
            seconds[name].append(float(done.stdout.split()[-1]))
    as_it_is = seconds.pop("as_it_is")
    return {f"{name}_over_as_it_is": ratio(each, as_it_is) for name, each in seconds.items()}


def main():
    full = arguments(__doc__).full
    curriculum.set_threads(1)
    keras.utils.set_random_seed(0)
    small, numbers = loader("resnet10", 64, 64, 20)
    print(f"loader, resnet10: {small:.3f} of the rate of a repeated batch", file=sys.stderr)
    large, more = loader("resnet50", 224 if full else 64, 8, 4 if full else 3)
    print(f"loader, resnet50: {large:.3f}", file=sys.stderr)
    against = against_torch("resnet10", 64, 10, 2 * REPEATS) | against_torch("resnet50", 8, 2, REPEATS)
    report(
        "training",
        min(small, large),
        "the same batch repeated from memory",
        resnet10_ratio=small,
        resnet50_ratio=large,
        **numbers,
        **more,
        **against,
        **(settings() if full else {}),
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(*sys.argv[2:])
    else:
        main()
