"""Tables, arrays, networks and checkpoints, cut and changed at any byte: what reads them gives a sentence or a value.

No crash and no traceback: :class:`C3Error` is all that a reader may raise. `make fuzz` runs this after the media files.
"""

import argparse
import random
import sys
import tempfile
import traceback
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd

from c3 import config
from c3.cli import import_keras
from c3.data import accounts, manifest, store
from c3.data.sources import audioset
from c3.errors import C3Error
from c3.evaluation import foreign, inputs
from c3.labels import sheets

SPEC = config.Features(frame_pixels=8)


def readers(folder: Path) -> dict:
    """Name of a file → what reads it. The files are made in ``folder``."""
    segments = [f"a{number}_0" for number in range(8)]
    rows = [(name, name[:2], f"{name}.wav", None, 0.0, 2.0, 0.0, ["x"], "train") for name in segments]
    manifest.write(pd.DataFrame(rows, columns=manifest.COLUMNS), folder / "manifest.parquet")
    extract = store.Extract(np.zeros((198, 64)), np.zeros((0, 8, 8, 3), np.uint8), np.zeros(0, np.float32), 2.0)
    pairs = ((argparse.Namespace(segment_id=name, recording_id=name[:2], split="train"), extract) for name in segments)
    index = store.write_shard(pairs, SPEC, 0, folder / "shard-000.npy", folder / "shard-000.frames.npy")
    store.write_index(index, SPEC, folder / "index.parquet")
    windows = store.Features(folder / "index.parquet").window_table()
    windows.assign(cluster=1, confidence=0.5).to_parquet(folder / "clusters.parquet")
    np.save(folder / "vectors.npy", np.ones((len(windows), 4), np.float32))
    vectors = [[1.0, 2.0]] * 2 * len(segments)
    times = pd.DataFrame({"segment_id": sorted(segments * 2), "time": [0.5, 1.5] * len(segments), "vector": vectors})
    times.to_parquet(folder / "vectors.parquet")
    pd.DataFrame({"segment_id": segments, "path": "a.wav", "reason": "silent"}).to_csv(
        folder / "quarantine.csv", index=False
    )
    files = [(f"{name}.wav", "manifest", "", 2.0, "44 1", "") for name in segments]
    pd.DataFrame(files, columns=accounts.FILE_COLUMNS).to_csv(folder / "files.csv", index=False)
    listed = pd.DataFrame({"ytid": segments, "start": 0.0, "end": 2.0, "labels": [["/m/1"]] * len(segments)})
    audioset.write_segments(folder / "segments.csv", listed)
    audioset.write_class_labels(folder / "classes.csv", pd.DataFrame({"label": ["/m/1"], "name": ["Wren, song"]}))
    sheet = pd.DataFrame({"segment_id": segments, "labels": ["wren | rain", ""] * 4})
    sheet.reindex(columns=sheets.SHEET_COLUMNS).to_csv(folder / "sheet.csv", index=False)
    return {
        "manifest.parquet": manifest.read,
        "index.parquet": store.read_index,
        "shard-000.npy": lambda path: store.Features(path.with_name("index.parquet")).grid_windows(),
        "clusters.parquet": lambda path: inputs.read_clusters(path, windows, "index"),
        "vectors.npy": store.Features(folder / "index.parquet").vectors,
        "vectors.parquet": lambda path: foreign.read(path, windows, 0.96),
        "quarantine.csv": store.read_quarantine,
        "files.csv": accounts.read_files,
        "segments.csv": audioset.read_segments,
        "classes.csv": audioset.read_class_labels,
        "sheet.csv": lambda path: sheets.read_sheets([path]),
    }


def trained(folder: Path) -> dict:
    """The same for a network and a checkpoint."""
    import_keras()
    from c3.models import network as networks
    from c3.training import curriculum

    spec = config.Network(clusters=4, coincidence_units=4, classifier_units=4)
    network = curriculum.start(spec, SPEC, 0, None, ["x"])
    network.save(folder / "network.keras")
    checkpoint = curriculum.Checkpoint(folder / "checkpoint", "key")
    checkpoint.save(network, [{"step": 1}])
    weights = next((folder / "checkpoint").glob("*.h5"))

    def restore(path):
        if path != weights:
            weights.write_bytes(whole)
        return checkpoint.restore(network)

    whole = weights.read_bytes()
    return {
        "network.keras": networks.read,
        f"checkpoint/{weights.name}": restore,
        f"checkpoint/{checkpoint.state.name}": restore,
    }


def changed(content: bytes, chance: random.Random) -> bytes:
    """Cut, or with some bytes changed, or with another piece of itself in it."""
    kind, place = chance.choice(["cut", "cut", "flip", "flip", "hole", "move"]), chance.randrange(len(content))
    if kind == "cut":
        return content[:place]
    changed = bytearray(content)
    if kind == "flip":
        for _ in range(chance.choice([1, 3, 30])):
            changed[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    elif kind == "hole":
        changed[place : place + 50] = bytes(50)
    else:
        changed[place:place] = content[chance.randrange(len(content)) :][:200]
    return bytes(changed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--files", type=int, default=2000, help="tables and arrays; networks and checkpoints: a twentieth"
    )
    parser.add_argument(
        "--seed", type=int, default=random.randrange(2**32), help="of the first file; the next have the next"
    )
    args = parser.parse_args()
    print(f"{args.files} tables from seed {args.seed} on", flush=True)
    said, failed = Counter(), 0
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        for kinds, count in ((readers(folder), args.files), (trained(folder), args.files // 20)):
            contents = {name: (folder / name).read_bytes() for name in kinds}
            for seed in range(args.seed, args.seed + count):
                chance = random.Random(seed)
                name = chance.choice(list(kinds))
                (folder / name).write_bytes(changed(contents[name], chance))
                try:
                    kinds[name](folder / name)
                    said["read"] += 1
                except C3Error as error:
                    said["told"] += 1
                    names_file = str(folder) in str(error) or "index" in str(error)
                    if len(str(error).splitlines()) != 1 or not names_file:
                        failed += 1
                        print(f"seed {seed} ({name}): no sentence about the file: {error}")
                except Exception as error:
                    failed += 1
                    place = traceback.extract_tb(error.__traceback__)[-1]
                    print(f"seed {seed} ({name}): {type(error).__name__} {error} in {place.filename}:{place.lineno}")
                (folder / name).write_bytes(contents[name])
    print(", ".join(f"{word} {count}" for word, count in said.most_common()))
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
