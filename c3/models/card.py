"""The card of a network: what it was made of and by, in its file for programs, and as text for people.

Mitchell et al., "Model Cards for Model Reporting", FAT* 2019.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pandas as pd

from c3 import __version__, config


def make(
    name: str,
    seed: int,
    row: config.Row,
    training: config.Training,
    index: pd.DataFrame,
    history: pd.DataFrame,
    classes: list[str],
    about: dict,
    before: dict | None = None,
) -> dict:
    """What is to be known of a network.

    Args:
        index: the index of the features: recording_id, split, seconds.
        history: the measures of the training, of which the last row is kept.
        about: experiment, licence of the recordings, and what made the vectors that a frozen row starts from, if any.
        before: the card of the network that this one started from.
    """
    train = index[index["split"] == "train"]
    labels = row.labels and {
        "strategy": row.labels.strategy,
        "paid": len(train) if row.labels.budget is None else row.labels.budget,
    }
    return {
        "name": name,
        "seed": seed,
        "c3": __version__,
        **about,
        "losses": dict(row.losses),
        "steps": training.steps,
        "batch": training.batch,
        "segments": len(train),
        "recordings": int(train["recording_id"].nunique()),
        "hours": round(float(train["seconds"].sum()) / 3600, 3),
        "labels": labels,
        "classes": list(classes),
        "held_out": {key: float(f"{value:.6g}") for key, value in history.iloc[-1].dropna().items()},
        "before": before or None,
    }


def read(path: str | Path) -> dict:
    """The card in a .keras file, without loading the network; empty where it has none."""
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read("config.json"))["config"].get("card") or {}


def chain(card: dict) -> list[dict]:
    """The cards of a network and of all that it started from, the first trained first."""
    return [*(chain(card["before"]) if card.get("before") else []), card]


def markdown(card: dict) -> str:
    """A card for people."""
    steps = chain(card)
    paid = [each for each in steps if each["labels"]]
    labels = "; ".join(
        f"{each['labels']['paid']:,} segments, chosen by `{each['labels']['strategy']}`, for {each['name']}"
        for each in paid
    )
    vectors = card.get("vectors")
    lines = [
        f"# {card['name']}, seed {card['seed']}",
        "",
        f"A network for sound, trained with C3 {card['c3']} (Jansen et al., ICASSP 2020) in the experiment"
        f" {card['experiment']}.",
        "",
        "| | |",
        "|---|---|",
        f"| trained on | {card['segments']:,} segments of {card['recordings']:,} recordings, {card['hours']:,.2f} h |",
        f"| licence of the recordings | {card['licence'] or 'not said (`data.licence`)'} |",
        *([f"| vectors it starts from | {vectors} |"] if vectors else []),
        f"| labels paid for | {labels or 'none'} |",
        f"| recognises | {', '.join(card['classes']) or 'no classes: it has no classifier'} |",
        "",
        "## How it was trained",
        "| | losses | steps | batch | seed |",
        "|---|---|---|---|---|",
    ]
    for each in steps:
        losses = ", ".join(f"{loss} × {weight:g}" for loss, weight in each["losses"].items())
        lines.append(f"| {each['name']} | {losses} | {each['steps']:,} | {each['batch']:,} | {each['seed']} |")
    lines += ["", "## At the end of training, on held-out recordings", "| | |", "|---|---|"]
    lines += [f"| {name} | {value:g} |" for name, value in card["held_out"].items()]
    lines += [
        "",
        "Evaluations of the experiment stand in its `report.md` and `metrics.csv`. The network knows no sound that its"
        " recordings do not have; its scores are of use as far as those recordings are like yours. The code of C3 is"
        " licensed Apache-2.0; what may be done with the network hangs on the recordings, too.",
        "",
    ]
    return "\n".join(lines)
