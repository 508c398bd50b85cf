"""Any module with the HEAR interface as an encoder.

Turian et al., "HEAR: Holistic Evaluation of Audio Representations", NeurIPS 2021 competition track: ``load_model`` and
``get_timestamp_embeddings``, and a model that knows its ``sample_rate``.
"""

from __future__ import annotations

import importlib

import numpy as np

from c3.encoders.interface import Encoder
from c3.errors import C3Error


def load(module: str, weights: str | None) -> Encoder:
    """The model of a module, with a file of weights or its own. :class:`C3Error` if there is no such interface."""
    try:
        hear = importlib.import_module(module)
    except ImportError as error:
        raise C3Error(
            f"The encoder hear:{module} cannot be loaded ({error}); allowed is an installed module."
        ) from None
    for name in ("load_model", "get_timestamp_embeddings"):
        if not hasattr(hear, name):
            raise C3Error(f"The module {module} has no {name}; allowed is a module with the HEAR interface.")
    model = hear.load_model(weights) if weights else hear.load_model()

    def embed(samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        vectors, milliseconds = hear.get_timestamp_embeddings(_like(model, samples[None].astype(np.float32)), model)
        return array(milliseconds)[0] / 1000, array(vectors)[0].astype(np.float32)

    return Encoder(int(model.sample_rate), embed)


def _like(model, samples: np.ndarray):
    """Sound as the model takes it: a tensor of PyTorch for one of its modules, else an array."""
    if not any(base.__module__.startswith("torch.") for base in type(model).__mro__):
        return samples
    import torch

    return torch.from_numpy(samples)


def array(tensor) -> np.ndarray:
    """A tensor of whatever library as an array."""
    return tensor.detach().cpu().numpy() if hasattr(tensor, "detach") else np.asarray(tensor)
