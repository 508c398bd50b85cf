"""What is recognised, a table of segments → the forms of other programs; one recording after the other is in memory."""

import collections
import contextlib
import json
import os
from pathlib import Path

import pandas as pd
import soundfile

from c3.cli import replacing, replacing_folder, run
from c3.data import accounts, media
from c3.data.probe import probe
from c3.errors import C3Error
from c3.labels.recordings import table_names
from c3.progress import progress
from c3.report import exporters

ROWS = 100_000  # of the table that are read at once
MANY = 1000  # recordings, after which only the surest segments of all of them are kept
FALLBACK_RATE = 16_000  # Hz: of a recording that is no longer there, to say how high sounds may be
MADE = ("raven", "audacity", "birdnet", "segments", "label_studio.json")
ALLOWED = "allowed is a segments.csv that scripts/recognise.py has written"


def main(args):
    places = {name: Path(args.out, name) for name in MADE}
    check_free(places.values())
    names = table_names(files_of(args.segments), args.root, taken=["all"])
    known = accounts.versions(accounts.read_files(args.files)) if args.files else {}
    rates, sure, selections, seconds = {}, [], 0, 0.0
    with (
        replacing_folder(places["raven"]) as raven,
        replacing_folder(places["audacity"]) as audacity,
        replacing_folder(places["birdnet"]) as birdnet,
        replacing_folder(places["segments"]) as clips,
        replacing(places["label_studio.json"]) as tasks,
    ):
        append(tasks, "[")
        for file, segments in progress(recordings_of(args.segments), "tables", total=len(names)):
            if file in rates:
                raise C3Error(f"{args.segments} has rows of {file} in several places; {ALLOWED}.")
            found, recording = exporters.detections(segments), recorded(file, known, args.root, segments)
            together = exporters.raven(found, recording, selections + 1, seconds)
            task = json.dumps(exporters.label_studio(found, recording), indent=1, ensure_ascii=False)
            texts = {
                raven / f"{names[file]}.selections.txt": exporters.tabbed(exporters.raven(found, recording)),
                raven / "all.selections.txt": exporters.tabbed(together, header=not rates),
                audacity / f"{names[file]}.txt": exporters.tabbed(exporters.audacity(found), header=False),
                birdnet / f"{names[file]}.BirdNET.results.csv": exporters.birdnet(found, recording).to_csv(index=False),
                tasks: f",\n{task}" if rates else f"\n{task}",
            }
            for path, text in texts.items():
                append(path, text)
            rates[file] = recording.sample_rate
            selections += len(found)
            seconds += recording.seconds
            sure.append(exporters.surest(found))
            if len(sure) == MANY:
                sure = [exporters.surest(pd.concat(sure))]
        append(tasks, "\n]\n")
        if sure:
            write_clips(clips, exporters.clips(exporters.surest(pd.concat(sure))), known, rates)


def check_free(places):
    """:class:`C3Error` if what is to be made is there already: it may be of a person."""
    for place in places:
        if place.exists():
            raise C3Error(f"{place} is there already; allowed is a folder without the tables of an earlier run.")


def read(path, **settings):
    """The table of segments, so many rows at a time."""
    types = collections.defaultdict(lambda: float, segment_id=str, file=str)
    try:
        yield from pd.read_csv(path, dtype=types, keep_default_na=False, chunksize=ROWS, **settings)
    except (OSError, ValueError) as error:
        raise C3Error(f"{path} cannot be read ({error}); {ALLOWED}.") from None


def files_of(path):
    """The recordings in a table of segments, in its order."""
    files = {}
    for rows in read(path, usecols=exporters.SEGMENT_COLUMNS):
        files.update(dict.fromkeys(rows["file"]))
    return list(files)


def recordings_of(path):
    """Each recording in a table of segments, which is in their order, with its segments."""
    groups = []
    for rows in read(path):
        groups = list(pd.concat([*(left for _, left in groups), rows]).groupby("file", sort=False))
        yield from groups[:-1]  # the next rows may be of the last one too
        groups = groups[-1:]
    yield from groups


def recorded(file, known, root, segments):
    """A recording, for the exporters; one that has gone, or is another by now, ends with its segments."""
    try:
        accounts.check_version(file, known)
        seconds, sample_rate, *_ = probe(file)
    except media.Quarantined as error:
        print(f"{file} is {error.reason}: no clips are cut from it.")
        seconds, sample_rate = segments["end"].max(), FALLBACK_RATE
    return exporters.Recording(os.path.abspath(file), os.path.relpath(file, root), seconds, sample_rate)


def append(path, text):
    """Text at the end of a file, in folders that are made with it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write(text)


def write_clips(folder, clips, known, rates):
    """The sound of each detection as it is in the recording; none if that has gone, or is another by now."""
    for clip in progress(clips.itertuples(), "clips", total=len(clips)):
        with contextlib.suppress(media.Quarantined):
            accounts.check_version(clip.file, known)
            samples = media.decode_audio(clip.file, clip.start, clip.end - clip.start, rates[clip.file])
            path = folder / clip.clip
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, samples, rates[clip.file])


if __name__ == "__main__":
    run(
        main,
        segments={"positional": True, "help": "segments.csv, with the probability of each class in each segment"},
        files={"default": None, "help": "the files that the segments were made of, CSV: no others are cut"},
        root={"positional": True, "help": "folder of the recordings, whose folders the tables have too"},
        out={
            "positional": True,
            "help": "folder for raven/, audacity/, birdnet/, segments/ (the surest, as sounds), label_studio.json",
        },
    )
