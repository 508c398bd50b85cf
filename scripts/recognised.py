"""The predictions of all training seeds → what is recognised: a table of segments, and the forms of other programs."""

import contextlib
import json
import os

import pandas as pd
import soundfile

from c3.cli import replacing, replacing_folder, run
from c3.data import accounts, manifest, media
from c3.data.probe import probe
from c3.labels.recordings import table_names
from c3.progress import progress
from c3.report import exporters

FALLBACK_RATE = 16_000  # Hz: of a recording that is no longer there, to say how high sounds may be


def main(args):
    predictions = [pd.read_parquet(path).set_index("segment_id") for path in args.predictions]
    mean = (sum(predictions) / len(predictions)).round(4)
    segments = manifest.read(args.manifest).set_index("segment_id").loc[mean.index]
    table = manifest.places(segments).join(mean).sort_values(["file", "start"]).reset_index()
    known = accounts.versions(accounts.read_files(args.files))
    found, recordings = exporters.detections(table), recorded(table, args.root, known)
    heard, names = dict(list(found.groupby("file"))), table_names(recordings.index, args.root, taken=["all"])
    parts = {names[file]: (heard.get(file, found[:0]), recordings.loc[[file]]) for file in recordings.index}
    with replacing(args.segments) as path:
        table.to_csv(path, index=False)
    with replacing_folder(args.raven) as folder:
        for name, part in {**parts, "all": (found, recordings)}.items():
            write(folder / f"{name}.selections.txt", exporters.tabbed(exporters.raven(*part)))
    with replacing_folder(args.audacity) as folder:
        for name, (events, _) in parts.items():
            write(folder / f"{name}.txt", exporters.tabbed(exporters.audacity(events), header=False))
    with replacing_folder(args.birdnet) as folder:
        for name, part in parts.items():
            write(folder / f"{name}.BirdNET.results.csv", exporters.birdnet(*part).to_csv(index=False))
    with replacing(args.label_studio) as path:
        path.write_text(json.dumps(exporters.label_studio(found, recordings), indent=1, ensure_ascii=False))
    clips = exporters.clips(found)
    with replacing_folder(args.clips) as folder:
        for clip in progress(clips.itertuples(), "clips", total=len(clips)):
            write_clip(folder / clip.clip, clip, int(recordings["sample_rate"][clip.file]), known)


def recorded(table, root, known):
    """The recordings of a table of segments, for the exporters; one that is no longer there, or is another by now, ends
    with its segments."""
    rows = []
    for file, segments in table.groupby("file"):
        try:
            accounts.check_version(file, known)
            seconds, sample_rate, *_ = probe(file)
        except media.Quarantined as error:
            print(f"{file} is {error.reason}: no clips are cut from it.")
            seconds, sample_rate = segments["end"].max(), FALLBACK_RATE
        rows.append((file, os.path.abspath(file), os.path.relpath(file, root), seconds, sample_rate))
    return pd.DataFrame(rows, columns=["file", "path", "name", "seconds", "sample_rate"]).set_index("file")


def write(path, text):
    """A file in folders that are made with it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def write_clip(path, clip, sample_rate, known):
    """The sound of a detection as it is in the recording; none if that is no longer there, or is another by now."""
    with contextlib.suppress(media.Quarantined):
        accounts.check_version(clip.file, known)
        samples = media.decode_audio(clip.file, clip.start, clip.end - clip.start, sample_rate)
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, samples, sample_rate)


if __name__ == "__main__":
    run(
        main,
        predictions={"nargs": "+", "help": "one file per training seed"},
        manifest={},
        files={"help": "the files that the manifest was made of, CSV"},
        root={"help": "folder of the recordings, whose folders the tables have too"},
        segments={"help": "all segments with the probability of each class, CSV"},
        raven={"help": "folder of selection tables, one per recording and all.selections.txt"},
        audacity={"help": "folder of labels"},
        birdnet={"help": "folder of BirdNET-Analyzer's CSV"},
        clips={"help": "folder of the surest segments of each class, as sounds"},
        label_studio={"help": "tasks for Label Studio, JSON"},
    )
