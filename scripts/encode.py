"""One shard of the segments → vectors of an encoder, a row for each window."""

import sys

import numpy as np

from c3 import config
from c3.cli import import_keras, replacing, run, section
from c3.data import manifest, media
from c3.data.store import Features
from c3.errors import C3Error
from c3.progress import progress


def main(args):
    spec = config.Embedding(**args.embedding)
    if spec.encoder.endswith(".keras"):
        import_keras()
    from c3 import encoders
    from c3.encoders.interface import nearest

    encoder = encoders.load(spec)
    if encoder.licence and args.shard == 0:
        print(encoder.licence, file=sys.stderr)
    features = Features(args.index)
    media_of = manifest.read(args.manifest).set_index("segment_id")
    bounds = [i * len(features.index) // args.shards for i in (args.shard, args.shard + 1)]
    segments = features.index["segment_id"].iloc[slice(*bounds)]
    counts = features.window_counts[slice(*bounds)]
    vectors = []
    pairs = zip(segments, counts, strict=True)
    for segment_id, count in progress(pairs, f"encode {args.name} shard {args.shard:03d}", total=len(segments)):
        segment = media_of.loc[segment_id]
        seconds = segment["end"] - segment["start"]
        samples = media.decode_audio(segment["audio_path"], segment["media_start"], seconds, encoder.sample_rate)
        times, made = encoder.embed(samples)
        if not len(made) or not np.isfinite(made).all():
            raise C3Error(
                f"The encoder {spec.encoder} made no vector, or one that is not finite, of segment {segment_id} in"
                f" {segment['audio_path']}; allowed is at least one for a window of sound."
            )
        vectors.append(nearest(times, made, count, features.spec.window_seconds))
    with replacing(args.out) as path:
        np.save(path, np.concatenate(vectors) if vectors else np.zeros((0, 0), np.float32))


if __name__ == "__main__":
    run(
        main,
        name={},
        embedding={"type": section},
        manifest={},
        index={"help": "features/index.parquet"},
        shard={"type": int},
        shards={"type": int},
        out={},
    )
