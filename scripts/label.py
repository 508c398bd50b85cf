"""Ask for labels and give them to windows: the weak labels of one row. Of own recordings people answer, by sheets."""

import hashlib
import logging
from pathlib import Path

import numpy as np

from c3.cli import replacing, run
from c3.data import manifest as manifests
from c3.data.store import Features
from c3.evaluation.inputs import read_clusters
from c3.labels import annotation, sheets
from c3.labels.strategies import STRATEGIES, BudgetError, Pool

log = logging.getLogger("label")


def main(args):
    features = Features(args.index)
    windows = features.window_table()
    manifest = manifests.read(args.manifest)
    table = read_clusters(args.clusters, windows, args.index) if args.clusters else windows
    vectors = features.vectors(args.embeddings) if args.embeddings else None
    ask = by_sheets if args.answers else by_ground_truth
    weak, receipt = ask(args, manifest, table, vectors)
    with replacing(args.labels) as labels, replacing(args.asked) as path:
        weak.to_parquet(labels, index=False)
        receipt.to_csv(path, index=False)


def by_ground_truth(args, manifest, table, vectors):
    """The weak labels that a strategy gets from the simulated annotator, and the receipt."""
    annotator = annotation.GroundTruth(manifest, args.batch)
    pool = Pool.of(table, args.clusters or args.index, vectors)
    return STRATEGIES[args.strategy](
        pool, args.budget, np.random.default_rng(args.seed), annotator
    ), annotator.receipt()


def by_sheets(args, manifest, table, vectors):
    """The weak labels that stand in the sheets, and the receipt with what is to be on the next one, without labels.

    Any segment may be asked about, as own recordings are not evaluated on. Those whose row was left open, or about
    which somebody was not sure, come again where no other is left.
    """
    answers = sheets.read_sheets(args.sheets, manifest) if args.sheets else sheets.Answers({}, [])
    for path in args.sheets:
        keep(Path(path), Path(args.answers))
    segments, left_open = table["segment_id"].nunique(), table["segment_id"].isin(answers.unsure).to_numpy()
    wanted = min(args.budget, len(answers.labels) + (args.batch or args.budget))
    if wanted > segments:
        log.warning("The budget is %d, but there are %d segments: each is asked about.", wanted, segments)
    wanted = min(wanted, segments)
    enough = table.loc[~left_open, "segment_id"].nunique() >= wanted
    pool = Pool.of(table, args.clusters or args.index, vectors, ~left_open | (not enough))
    person, rng = annotation.Person(answers.labels), np.random.default_rng(args.seed)
    rest = "random" if vectors is None else "spread"
    try:
        STRATEGIES[args.strategy](pool, wanted, rng, person)
    except BudgetError as error:
        log.warning("%s Others are asked about in their place, by the strategy %s.", error, rest)
    if person.cost < wanted:
        STRATEGIES[rest](pool, wanted, rng, person)
    return sheets.answered(answers.labels or person.answers, table), person.receipt()


def keep(sheet, folder):
    """A copy of a sheet in ``folder``, under a name that hangs on what stands in it: nothing said is lost."""
    said = sheet.read_bytes()
    copy = folder / f"{hashlib.sha256(said).hexdigest()[:8]} {sheet.name}"
    if not copy.exists():
        with replacing(copy) as path:
            path.write_bytes(said)


if __name__ == "__main__":
    run(
        main,
        answers={"default": None, "help": "of own recordings: folder that keeps a copy of each sheet"},
        sheets={"nargs": "+", "default": [], "help": "filled-in sheets and the like, whose labels are used"},
        manifest={},
        index={"help": "features/index.parquet"},
        clusters={"default": None, "help": "clusters file, for the strategies that ask by cluster"},
        embeddings={"default": None, "help": "embeddings, for the strategies that ask by distance"},
        strategy={"choices": list(STRATEGIES)},
        budget={"type": int, "default": None, "help": "labels to ask for; the strategy all has none"},
        batch={"type": int, "default": None, "help": "labels to ask for at once"},
        seed={"type": int},
        labels={"help": "weak labels of windows, parquet"},
        asked={"help": "what was asked, in order, CSV"},
    )
