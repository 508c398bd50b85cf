"""The predictions of all training seeds → the page on which a person reviews what is recognised."""

from pathlib import Path

import pandas as pd

from c3.cli import replacing, replacing_folder, run
from c3.data import accounts, manifest
from c3.labels import review, sheets
from c3.report import clips, label_page

SEED = 0  # of the random sample


def main(args):
    predictions = [pd.read_parquet(path).set_index("segment_id") for path in args.predictions]
    mean = sum(predictions) / len(predictions)
    table = manifest.read(args.manifest).set_index("segment_id", drop=False)
    places = manifest.places(table).loc[mean.index]
    known = accounts.versions(accounts.read_files(args.files))
    answered = sheets.read_sheets(args.sheets, table.reset_index(drop=True)).labels
    open_ = mean[~mean.index.isin(list(answered))]
    items = review.choose(open_, SEED)
    listed = items["segment_id"].drop_duplicates().tolist()
    with replacing_folder(Path(args.out).parent / "review") as folder:
        segments = [
            {
                "sound": f"{folder.name}/{number:04d}.wav",
                "segment_id": segment,
                **places.loc[segment].to_dict(),
                "clip": clips.write(table.loc[segment], known, folder, f"{number:04d}"),
                "near": [],
            }
            for number, segment in enumerate(listed, 1)
        ]
    items["segment"] = pd.factorize(items["segment_id"])[0]  # its place in the list
    asked = items.drop(columns="segment_id").round({"probability": 4}).to_dict("records")
    recordings = places.assign(file=[clips.recording(segment) for segment in mean.index])
    shown, beyond = review.timeline(recordings, mean)
    page = label_page.review(
        args.experiment,
        args.row,
        [(name, 0) for name in mean.columns],
        segments,
        asked,
        timeline=shown,
        beyond=beyond,
        heard=review.HEARD,
        parts=review.PARTS,
    )
    with replacing(args.out) as path:
        path.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    run(
        main,
        predictions={"nargs": "+", "help": "one file per training seed"},
        manifest={},
        files={"help": "the files that the manifest was made of, CSV"},
        sheets={"nargs": "+", "help": "filled-in sheets: their segments are not proposed"},
        experiment={"help": "name on the page"},
        row={"help": "name on the page"},
        out={"help": "the page; sounds and pictures go into the folder review beside it"},
    )
