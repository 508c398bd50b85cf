"""What is heard in new recordings, by networks that are trained already; a run that was stopped goes on file by file.

Several runs side by side: the same command with `--shard 0 --shards 2` and with `--shard 1 --shards 2`, then without.
"""

import hashlib
import itertools
import json
import os
import sys
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

import c3
from c3.cli import import_keras, replacing, run
from c3.data import manifest
from c3.data.sources import folder
from c3.data.sources.files import find_media
from c3.data.store import QUARANTINE_COLUMNS
from c3.errors import C3Error
from c3.progress import progress

PACKAGE = Path(c3.__file__).parent
PATTERNS = ("data/*.py", "encoders/*.py", "models/*.py", "recognition.py")
MODULES = [path for pattern in PATTERNS for path in sorted(PACKAGE.glob(pattern))]  # what a result comes from
DEPENDS_ON, MISSING = b"c3.depends_on", b"c3.missing"  # metadata of a part


def main(args):
    paths = find_media(args.folder)["path"].tolist()
    parts = {path: Path(args.out, "parts", f"{os.path.relpath(path, args.folder)}.parquet") for path in paths}
    makers = [digest(path) for path in [*args.model, *MODULES]]
    shards = range(args.shards) if args.shard is None else [args.shard]
    first, last = (number * len(paths) // args.shards for number in (shards[0], shards[-1] + 1))
    keys = {path: depends_on(path, makers) for path in paths[first:last]}
    todo = {path: key for path, key in keys.items() if not is_done(parts[path], key)}
    if todo:
        recognise(todo, parts, args)
    if args.shard is None:
        gather([parts[path] for path in paths], Path(args.out))


def digest(path: str | Path) -> str:
    """The content of a file in short."""
    try:
        return hashlib.blake2b(Path(path).read_bytes(), digest_size=16).hexdigest()
    except OSError:
        raise C3Error(f"{path} cannot be read; allowed is a .keras file of a row that has learnt classes.") from None


def depends_on(path: str, makers: list[str]) -> str:
    """All that the part of a recording depends on: its name, size and date, the networks and the code."""
    file = Path(path)
    version = [file.stat().st_size, file.stat().st_mtime_ns] if file.exists() else None  # a link may lead nowhere
    return json.dumps([path, version, makers])


def is_done(part: Path, key: str) -> bool:
    """Whether there is a part, and it depends on the same."""
    return part.exists() and pq.read_schema(part).metadata[DEPENDS_ON] == key.encode()


def recognise(todo: dict[str, str], parts: dict[str, Path], args) -> None:
    """Write the parts of some recordings, one after the other."""
    import_keras()
    from c3 import recognition

    recogniser = recognition.load(args.model)
    if recogniser.licence and not args.shard:
        print(recogniser.licence, file=sys.stderr)
    length = recogniser.segment_seconds
    seconds = {path: recognition.seconds(path, length) for path in todo}
    total = sum(len(folder.cut(each, length)) for each in seconds.values())
    segments = (each for path in todo for each in recognition.segments(path, args.folder, seconds[path], length))
    found = recognition.recognise(recogniser, progress(segments, "recognise", total))
    for path, of_path in itertools.groupby(found, lambda pair: pair[0].audio_path):
        write(parts[path], todo[path], list(of_path), recogniser.classes)


def write(part: Path, key: str, found: list[tuple], classes: list[str]) -> None:
    """The table of a recording; what it depends on, and the segments that cannot be used, are in the metadata."""
    used = [(segment, values) for segment, values in found if not isinstance(values, str)]
    missing = [(segment.segment_id, segment.audio_path, why) for segment, why in found if isinstance(why, str)]
    segments = pd.DataFrame([segment._asdict() for segment, _ in used], columns=manifest.COLUMNS)
    heard = pd.DataFrame([values for _, values in used], columns=classes).round(4)
    table = pd.concat([segments["segment_id"], manifest.places(segments), heard], axis=1)
    metadata = {DEPENDS_ON: key, MISSING: json.dumps(missing)}
    with replacing(part) as path:
        pq.write_table(pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(metadata), path)


def gather(parts: list[Path], out: Path) -> None:
    """The parts of all recordings, one after the other, in two tables."""
    missing = []
    with replacing(out / "segments.csv") as path:
        for number, part in enumerate(parts):
            table = pq.read_table(part)
            table.to_pandas().to_csv(path, mode="a", header=number == 0, index=False)
            missing += json.loads(table.schema.metadata[MISSING])
        with replacing(out / "missing.csv") as missing_path:
            pd.DataFrame(missing, columns=QUARANTINE_COLUMNS).to_csv(missing_path, index=False)


if __name__ == "__main__":
    run(
        main,
        model={"positional": True, "nargs": "+", "help": "the .keras file of a row, one for each training seed"},
        folder={"positional": True, "help": "the recordings"},
        out={"positional": True, "help": "folder for segments.csv, missing.csv, and parts/ with a table for each file"},
        shard={"type": int, "default": None, "help": "write only the parts of one of --shards shares of the files"},
        shards={"type": int, "default": 1},
    )
