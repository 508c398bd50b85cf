"""What is to be labelled → a sheet to fill in, and beside it the page to label on, with all that one hears and sees."""

from collections import Counter
from pathlib import Path

import pandas as pd
import soundfile

from c3.cli import replacing, replacing_folder, run
from c3.data import accounts, manifest, media
from c3.data.store import Features
from c3.errors import C3Error
from c3.evaluation.inputs import read_clusters
from c3.labels import sheets
from c3.labels.neighbours import nearest
from c3.labels.strategies import Pool
from c3.report import clips, label_page

SAMPLE_RATE = 32_000  # Hz: of the segment alone, for who fills in the table itself


def main(args):
    table = manifest.read(args.manifest)
    answers = sheets.read_sheets(args.sheets, table).labels if args.sheets else {}
    if Path(args.out).exists() and not sheets.read_sheet(args.out, table).labels.items() <= answers.items():
        raise C3Error(
            f"{args.out} has labels that no sheet under folder.sheets has, and would be written anew; allowed is to"
            " move it elsewhere first, and to name it there if its labels are to be used."
        )
    sheet = sheets.sheet(pd.read_csv(args.asked, keep_default_na=False), table)
    segments = table.set_index("segment_id", drop=False)
    near = neighbours(args, sheet["segment_id"])
    counts = Counter(label for labels in answers.values() for label in labels)
    known = accounts.versions(accounts.read_files(args.files))
    with replacing_folder(Path(args.out).with_suffix(""), kept="*.csv") as folder:  # of annotators, by the server
        shown = []
        for row in sheet.to_dict("records"):
            number = Path(row["sound"]).stem
            clip = clips.write(segments.loc[row["segment_id"]], known, folder, f"{number}.clip")
            others = [
                clips.write(segments.loc[other], known, folder, f"{number}.near{place}", 0.0, (300, 90))
                for place, other in enumerate(near.get(row["segment_id"], []), 1)
            ]
            with accounts.as_it_was(row["file"], known):
                samples = media.decode_audio(row["file"], row["start"], row["end"] - row["start"], SAMPLE_RATE)
            soundfile.write(folder / row["sound"], samples, SAMPLE_RATE)
            del row["labels"]
            shown.append({**row, "clip": clip, "near": others})
        html = label_page.label(args.experiment, Path(args.out).stem, counts.most_common(), shown)
        (folder / "index.html").write_text(html, encoding="utf-8")
    with replacing(args.out) as path:
        sheet.to_csv(path, index=False)


def neighbours(args, asked):
    """Segment → those that sound most alike; nothing where the row starts from no embedding."""
    if not args.embeddings:
        return {}
    features = Features(args.index)
    windows = features.window_table()
    clusters = read_clusters(args.clusters, windows, args.index)["cluster"].to_numpy() if args.clusters else None
    vectors = features.vectors(args.embeddings)
    return nearest(Pool(windows, clusters, vectors, args.index), asked)


if __name__ == "__main__":
    run(
        main,
        asked={"help": "what is to be asked, in order, CSV"},
        manifest={},
        files={"help": "the files that the manifest was made of, CSV"},
        index={"help": "features/index.parquet"},
        embeddings={"default": None, "help": "vectors by which neighbours are found"},
        clusters={"default": None, "help": "clusters file: neighbours are of the same cluster"},
        sheets={"nargs": "+", "default": [], "help": "filled-in sheets, whose labels are no longer kept here"},
        experiment={"help": "name on the page"},
        out={"help": "the sheet, CSV; page, sounds and pictures go into the folder of the same name beside it"},
    )
