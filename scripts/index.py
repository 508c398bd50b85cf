"""The shards' indices and quarantines → one index, one quarantine table; stops if too much is unusable."""

import pandas as pd

from c3.cli import replacing, run
from c3.data import store


def main(args):
    index, spec = store.concatenate(args.shards)
    sources = {path: store.read_quarantine(path) for path in [args.missing, *args.quarantines]}
    quarantine = pd.concat(sources.values(), ignore_index=True).sort_values(["segment_id", "path"])
    # segments without media were told with the manifest: to have a part of the data is the normal case
    sources[args.missing] = sources[args.missing].query("reason != 'missing'")
    listing = [path for path, table in sources.items() if (table.segment_id != "").any()]
    store.check_quarantined(len(index), pd.concat(sources.values()), args.max_quarantined, listing)
    with replacing(args.quarantine) as path:
        quarantine.to_csv(path, index=False)
        with replacing(args.index) as index_path:
            store.write_index(index, spec, index_path)


if __name__ == "__main__":
    run(
        main,
        shards={"nargs": "+"},
        quarantines={"nargs": "+"},
        missing={},
        max_quarantined={"type": float},
        index={},
        quarantine={},
    )
