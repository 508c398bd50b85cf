"""What is to be labelled → a sheet to fill in, and the sound of each of its segments."""

import shutil
import tempfile
from pathlib import Path

import pandas as pd
import soundfile

from c3.cli import replacing, run
from c3.data import manifest, media
from c3.errors import C3Error
from c3.labels import sheets

SAMPLE_RATE = 32_000  # Hz: for ears, not for the network


def main(args):
    table = manifest.read(args.manifest)
    answers = sheets.read_sheets(args.sheets, table).labels if args.sheets else {}
    if Path(args.out).exists() and not sheets.read_sheet(args.out, table).labels.items() <= answers.items():
        raise C3Error(
            f"{args.out} has labels that no sheet under folder.sheets has, and would be written anew; allowed is to"
            " move it elsewhere first, and to name it there if its labels are to be used."
        )
    sheet = sheets.sheet(pd.read_csv(args.asked), table, answers)
    sounds = Path(args.out).with_suffix("")
    with tempfile.TemporaryDirectory(dir=sounds.parent) as beside:
        folder = Path(beside) / sounds.name
        folder.mkdir()
        for row in sheet.itertuples():
            samples = media.decode_audio(row.file, row.start, row.end - row.start, SAMPLE_RATE)
            soundfile.write(folder / row.sound, samples, SAMPLE_RATE)
        shutil.rmtree(sounds, ignore_errors=True)
        folder.rename(sounds)
    with replacing(args.out) as path:
        sheet.to_csv(path, index=False)


if __name__ == "__main__":
    run(
        main,
        asked={"help": "what is to be asked, in order, CSV"},
        manifest={},
        sheets={"nargs": "+", "default": [], "help": "filled-in sheets: what they answer is not asked again"},
        out={"help": "the sheet, CSV; the sounds go into the folder of the same name beside it"},
    )
