"""One shard of the segments → vectors of an encoder, a row for each window."""

import sys

import numpy as np

from c3 import config
from c3.cli import import_keras, replacing, run, section
from c3.data import accounts, manifest, media
from c3.data.store import Features
from c3.progress import progress


def main(args):
    spec = config.Embedding(**args.embedding)
    if spec.encoder.endswith(".keras"):
        import_keras()
    from c3 import encoders
    from c3.encoders.interface import embed_windows

    encoder = encoders.load(spec)
    if encoder.licence and args.shard == 0:
        print(encoder.licence, file=sys.stderr)
    features = Features(args.index)
    bounds = [i * len(features.index) // args.shards for i in (args.shard, args.shard + 1)]
    counts = features.window_counts[slice(*bounds)]
    segments = manifest.read(args.manifest).set_index("segment_id")
    segments = segments.loc[features.index["segment_id"].iloc[slice(*bounds)]].reset_index()
    # In the order of the recording, as decoders read on faster than they seek; the vectors are in that of the index.
    segments = segments.sort_values(["audio_path", "media_start"], kind="stable")
    vectors, known = {}, accounts.versions(accounts.read_files(args.files))
    for segment in progress(segments.itertuples(), f"encode {args.name} shard {args.shard:03d}", total=len(segments)):
        with accounts.as_it_was(segment.audio_path, known):  # vectors and features of one recording
            seconds = segment.end - segment.start
            samples = media.decode_audio(segment.audio_path, segment.media_start, seconds, encoder.sample_rate)
        what = f"segment {segment.segment_id} in {segment.audio_path}"
        windows = counts[segment.Index]
        vectors[segment.Index] = embed_windows(encoder, samples, windows, features.spec.window_seconds, what)
    with replacing(args.out) as path:
        in_order = [vectors[number] for number in range(len(vectors))]
        np.save(path, np.concatenate(in_order) if in_order else np.zeros((0, 0), np.float32))


if __name__ == "__main__":
    run(
        main,
        name={},
        embedding={"type": section},
        manifest={},
        files={"help": "the files that the manifest was made of, CSV"},
        index={"help": "features/index.parquet"},
        shard={"type": int},
        shards={"type": int},
        out={},
    )
