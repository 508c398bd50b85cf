"""Fetch public data from their homes into a folder, with their licences: `make data`."""

from c3.cli import run
from c3.data import fetch
from c3.data.datasets import DATASETS
from c3.errors import C3Error


def main(args):
    for name in args.names:
        if name not in DATASETS:
            raise C3Error(f"the data set is {name!r}; allowed are {', '.join(DATASETS)}.")
    for name in args.names:
        fetch.fetch(name, DATASETS[name], args.root)


if __name__ == "__main__":
    run(main, root={"default": "data"}, names={"nargs": "+", "help": f"of {', '.join(DATASETS)}"})
