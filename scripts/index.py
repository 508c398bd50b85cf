"""The shards' indices and quarantines → one of each, and what became of each file; stops if too much is unusable."""

import pandas as pd

from c3.cli import replacing, run
from c3.data import accounts, manifest, store


def main(args):
    index, spec = store.concatenate(args.shards)
    sources = {path: store.read_quarantine(path) for path in [args.missing, *args.quarantines]}
    quarantine = pd.concat(sources.values(), ignore_index=True).sort_values(["segment_id", "path"])
    # segments without media were told with the manifest: to have a part of the data is the normal case
    sources[args.missing] = sources[args.missing].query("reason != 'missing'")
    listing = [path for path, table in sources.items() if (table.segment_id != "").any()]
    store.check_quarantined(len(index), pd.concat(sources.values()), args.max_quarantined, listing)
    balance = accounts.balance(accounts.read_files(args.files), manifest.read(args.manifest), index, quarantine)
    lines = accounts.summary(balance)
    print(*lines, sep="\n")
    with (
        replacing(args.accounts) as accounts_path,
        replacing(args.summary) as summary,
        replacing(args.quarantine) as path,
        replacing(args.index) as index_path,
    ):
        balance.to_csv(accounts_path, index=False)
        summary.write_text("\n".join(lines) + "\n", encoding="utf-8")
        quarantine.to_csv(path, index=False)
        store.write_index(index, spec, index_path)


if __name__ == "__main__":
    run(
        main,
        shards={"nargs": "+"},
        quarantines={"nargs": "+"},
        missing={},
        manifest={},
        files={"help": "the files that the manifest was made of, CSV"},
        max_quarantined={"type": float},
        index={},
        quarantine={},
        accounts={"help": "what became of each file, CSV"},
        summary={"help": "the same in a few lines of text"},
    )
