"""One shard of the manifest → log-mel rows, frames, their index, and the segments that cannot be used."""

import pandas as pd

from c3 import config
from c3.cli import replacing, run, section
from c3.data import accounts, features, manifest, store
from c3.progress import progress


def main(args):
    spec = config.Features(**args.features)
    table = manifest.read(args.manifest)
    bounds = [i * len(table) // args.shards for i in (args.shard, args.shard + 1)]
    quarantine, known = [], accounts.versions(accounts.read_files(args.files))

    def extracts():
        # In the order of the recording, as decoders read on faster than they seek; the index is sorted in the end.
        segments = table.iloc[slice(*bounds)].sort_values(["audio_path", "media_start"], kind="stable")
        for segment in progress(segments.itertuples(), f"extract shard {args.shard:03d}", total=len(segments)):
            try:
                accounts.check_version(segment.audio_path, known)
                yield segment, features.extract(segment, spec)
            except features.Quarantined as reason:
                quarantine.append((segment.segment_id, segment.audio_path, reason.reason))

    with (
        replacing(args.rows) as rows,
        replacing(args.frames) as frames,
        replacing(args.index) as index,
        replacing(args.quarantine) as quarantined,
    ):
        store.write_index(store.write_shard(extracts(), spec, args.shard, rows, frames), spec, index)
        pd.DataFrame(quarantine, columns=store.QUARANTINE_COLUMNS).to_csv(quarantined, index=False)


if __name__ == "__main__":
    run(
        main,
        manifest={},
        files={"help": "the files that the manifest was made of, CSV"},
        features={"type": section},
        shard={"type": int},
        shards={"type": int},
        rows={},
        frames={},
        index={},
        quarantine={},
    )
