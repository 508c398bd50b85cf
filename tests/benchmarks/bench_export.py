"""Size and windows a second of an exported network on one core, beside Keras from the same sound."""

import logging
import os
import tempfile
from pathlib import Path
from statistics import median

import common
import numpy as np

os.environ["OMP_NUM_THREADS"] = "1"
BATCH = 256


def main():
    full = common.arguments(__doc__).full
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    logging.disable()
    import onnxruntime
    from ai_edge_litert.interpreter import Interpreter

    from c3 import config, export
    from c3.data.features import log_mel
    from c3.models.network import Network

    spec = config.Features()
    sizes = config.Network(trunk="resnet50" if full else "resnet10")
    network = Network(sizes.model_dump(), spec.model_dump(), [f"/m/{number}" for number in range(32)])
    sound = np.random.default_rng(0).uniform(-0.1, 0.1, (BATCH, 95 * 160 + 400)).astype(np.float32)

    def keras():
        vectors = network.embed(np.stack([log_mel(each, spec) for each in sound]))
        return np.asarray(network.log_assignments(vectors)), network.classify(vectors)

    with tempfile.TemporaryDirectory() as name:
        paths = {ending: Path(name, f"network{ending}") for ending in export.FORMATS}
        for path in paths.values():
            export.write(network, path, {})
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        session = onnxruntime.InferenceSession(str(paths[".onnx"]), options)
        runner = Interpreter(str(paths[".tflite"]), num_threads=1).get_signature_runner()
        (sound_name,) = runner.get_input_details()
        seconds = common.alternately(
            {
                "keras": keras,
                "onnx": lambda: session.run(None, {"sound": sound}),
                "litert": lambda: runner(**{sound_name: sound}),
            }
        )
        megabytes = {f"megabytes_{ending[1:]}": path.stat().st_size / 1e6 for ending, path in paths.items()}
    rates = {f"windows_a_second_{name}": BATCH / median(each) for name, each in seconds.items()}
    ratio_of_litert = {"ratio_litert": common.ratio(seconds["litert"], seconds["keras"])}
    common.report(
        "export", common.ratio(seconds["onnx"], seconds["keras"]), "keras", **rates, **ratio_of_litert, **megabytes
    )


if __name__ == "__main__":
    main()
