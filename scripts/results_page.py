"""Write the page of results twice: as Markdown for repositories, and as HTML that lets the clusters be heard."""

import json
import subprocess
from os.path import relpath
from pathlib import Path

import pandas as pd

from c3.cli import replacing, run, section
from c3.report import page


def main(args):
    metrics = pd.read_csv(args.metrics, dtype={"budget": "Int64", "seed": "Int64"})
    clusters = json.loads(Path(args.clusters).read_text()) if args.clusters else None
    maps = pd.read_parquet(args.maps) if args.maps else None
    write(args.markdown, page.markdown(content(metrics, args, args.markdown)))
    write(args.html, page.html(content(metrics, args, args.html), clusters, maps))


def content(metrics, args, path):
    """What a page at ``path`` shows, with links from there."""
    folder = Path(path).parent
    links = {"all numbers (CSV)": args.metrics, "the same page as Markdown": args.markdown}
    accounts = pd.read_csv(args.accounts) if args.accounts else None
    links |= {"what became of each file (CSV)": args.accounts} if args.accounts else {}
    links = {name: relpath(place, folder) for name, place in links.items()}
    return page.page(metrics, args.config, args.seeds, commit(), figures(args.figures, folder), links, accounts)


def write(path, text):
    with replacing(path) as out:
        out.write_text(text, encoding="utf-8")


def figures(paths, folder):
    """The figures among PNG and PDF files, as they are linked from a page in ``folder``."""
    places = {}
    for path in map(Path, paths):
        places.setdefault(path.stem, {})[path.suffix] = relpath(path, folder)
    return [page.Figure(name, files[".png"], files.get(".pdf")) for name, files in places.items()]


def commit() -> str:
    """The commit of the code that runs; unknown outside a repository."""
    command = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    try:
        return subprocess.run(
            command, cwd=Path(__file__).parent, capture_output=True, text=True, check=True
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


if __name__ == "__main__":
    run(
        main,
        metrics={},
        figures={"nargs": "*", "default": [], "help": "the PNG files to show, and the same as PDF to link to"},
        config={"type": section, "help": "JSON of the configuration"},
        seeds={"nargs": "+", "type": int, "help": "the training seeds"},
        clusters={"default": None, "help": "what exemplars.py lists, JSON beside the HTML page"},
        maps={"default": None, "help": "embedding_maps/<seed>.parquet"},
        accounts={"default": None, "help": "what became of each file, CSV"},
        markdown={"help": "the page as Markdown, to write"},
        html={"help": "the page as HTML, to write"},
    )
