"""How long until the first step: stage 2 with ResNet-50 and pictures of 224 px, compiled as one function, on the CPU.

``KERAS_BACKEND`` chooses what compiles: tensorflow, jax or torch (which is not compiled). The rival is one more step,
so that a ratio of 1 would be no compilation at all. Also how often Python ran through the losses in all these steps:
once for each time the step was traced.
"""

import tempfile
import time
from pathlib import Path
from statistics import median

from common import arguments, report

from c3 import config
from c3.cli import import_keras

import_keras()

import keras  # noqa: E402
from bench_training import write_features  # noqa: E402

from c3.training import curriculum  # noqa: E402
from c3.training.sampling import Sampler  # noqa: E402

ROW = config.Row(losses={"audio_visual": 1.0, "audio_audio": 1.0}, coincidence="softmax", augmentation=True)
PAIRS, PIXELS, STEPS = 8, 224, 3


def measure(trunk: str, precision: str) -> dict:
    """Seconds of the first step and of later ones, and how often Python ran through the losses."""
    ran = []
    compute = curriculum.Objective.compute_loss
    curriculum.Objective.compute_loss = lambda self, *args, **more: ran.append(1) or compute(self, *args, **more)
    with tempfile.TemporaryDirectory() as folder:
        features = write_features(Path(folder), PIXELS, PAIRS)
        sampler = Sampler(features, "train", tuple(ROW.losses), ROW.delta_t or 10, PAIRS, 0, ROW.augmentation)
        network = curriculum.start(config.Network(trunk=trunk), features.spec, 0, None, [], precision)
        objective = curriculum.compiled(network, ROW, config.Training(batch=PAIRS), sampler.draw(0))
        seconds = []
        for step in range(1 + STEPS):
            start = time.perf_counter()
            float(objective.train_on_batch(sampler.draw(step), return_dict=True)["loss"])
            seconds.append(time.perf_counter() - start)
    return {"first_seconds": seconds[0], "step_seconds": median(seconds[1:]), "times_traced": len(ran)}


def main(full: bool) -> None:
    found = measure("resnet50", "float32")
    if full:
        found |= {f"bf16_{key}": value for key, value in measure("resnet50", "mixed_bfloat16").items()}
    report(
        "compile",
        found["first_seconds"] / found["step_seconds"],
        "first step over a later one, stage 2 with ResNet-50",
        backend=keras.backend.backend(),
        **found,
    )


if __name__ == "__main__":
    main(arguments(__doc__).full)
