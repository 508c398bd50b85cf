"""Which classes there are, which of them a label means, and which of them are asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from c3.data import manifest as manifests
from c3.data.reading import UNREADABLE
from c3.errors import C3Error

LABEL_COLUMNS = ["index", "mid", "display_name"]
HEADERLESS = {r"/\w/\w+\t": ["mid", "display_name"], r"\d+,[^,]+,/\w/": ["index", "display_name", "mid"]}


def read_class_labels(path: str | Path) -> pd.DataFrame:
    """class_labels_indices.csv: label (MID) and name, in the file's order.

    Also mid_to_display_name.tsv of the strong labels and vocabulary.csv of FSD50K, which have no header.
    Raises :class:`C3Error` for another header.
    """
    try:
        with open(path, encoding="utf-8-sig") as file:
            first = file.readline()
        columns = next((columns for pattern, columns in HEADERLESS.items() if re.match(pattern, first)), None)
        table = pd.read_csv(
            path,
            sep="\t" if "\t" in first else ",",
            names=columns,
            dtype=str,
            keep_default_na=False,
            skipinitialspace=True,
            encoding="utf-8-sig",
        )
    except UNREADABLE:
        raise C3Error(f"{path} cannot be read; allowed is class_labels_indices.csv of AudioSet.") from None
    if columns is None and list(table.columns) != LABEL_COLUMNS:
        raise C3Error(f"{path} has the header {','.join(table.columns)!r}; allowed is '{','.join(LABEL_COLUMNS)}'.")
    return table.rename(columns={"mid": "label", "display_name": "name"})[["label", "name"]]


def resolved(segments: pd.DataFrame, known: pd.DataFrame, path: str | Path) -> list[list[str]]:
    """The labels of segments as lists of MIDs, from text with MIDs, names or indices of ``known`` (label, name).

    Names with commas are taken as long as they go: in "Speech;Hubbub, speech noise, speech babble" are two.
    Raises :class:`C3Error` for what is none of them.
    """
    words = {str(index): label for index, label in enumerate(known["label"])}
    words |= {name.casefold(): label for name, label in zip(known["name"], known["label"], strict=True)}
    words |= {label.casefold(): label for label in known["label"]}
    different = {}
    for ytid, text in zip(segments["ytid"], segments["labels"], strict=True):
        if text not in different:
            labels, unknown = _labels(text, words)
            if unknown is not None:
                raise C3Error(
                    f"{path}: segment {ytid} has the unknown label {unknown!r}; allowed are the MIDs, names and "
                    f"indices of the {len(known)} classes of audioset.class_labels."
                )
            different[text] = labels
    return [list(different[text]) for text in segments["labels"]]


def _labels(text: str, words: dict[str, str]) -> tuple[list[str], str | None]:
    """The MIDs in a text, each once, and the first part that is not among ``words``."""
    found = []
    for part in re.split(r"[;|]", text):
        pieces = [piece.strip(' "') for piece in part.split(",")]
        while pieces:
            lengths = (n for n in range(len(pieces), 0, -1) if ", ".join(pieces[:n]).casefold() in words)
            length = next(lengths, 0)
            if not length and pieces[0]:
                return found, pieces[0]
            if length:
                found.append(words[", ".join(pieces[:length]).casefold()])
            pieces = pieces[max(length, 1) :]
    return list(dict.fromkeys(found)), None


def read_ontology(path: str | Path) -> dict[str, dict]:
    """ontology.json: id → node with name and child_ids."""
    try:
        return {node["id"]: node for node in json.loads(Path(path).read_text(encoding="utf-8"))}
    except UNREADABLE:
        raise C3Error(f"{path} cannot be read; allowed is ontology.json of AudioSet.") from None


def chosen_classes(wanted: Sequence[str], known: pd.DataFrame, ontology: dict[str, dict]) -> set[str]:
    """The labels that ``wanted`` asks for: MIDs or names of ``known``, or nodes of the ontology with all below them."""
    labels = set(known["label"])
    by_name = {name.casefold(): label for name, label in zip(known["name"], known["label"], strict=True)}
    by_name |= {node["name"].casefold(): mid for mid, node in ontology.items()}
    found = set()
    for each in wanted:
        queue = [each if each in labels or each in ontology else by_name.get(each.casefold())]
        below = set()
        while queue:
            mid = queue.pop()
            if mid is not None and mid not in below:
                below.add(mid)
                queue += ontology.get(mid, {}).get("child_ids", [])
        if not below & labels:
            where = (
                "or nodes of audioset.ontology" if ontology else "and, with audioset.ontology, nodes of the ontology"
            )
            raise C3Error(
                f"audioset.classes holds {each!r}; allowed are MIDs and names of audioset.class_labels, such as "
                f"{known['name'].iloc[0]!r}, {where}."
            )
        found |= below & labels
    return found


def sampled(table: pd.DataFrame, count: int, seed: int) -> pd.DataFrame:
    """Of each split ``count`` segments, stratified by class; all of a split that has no more.

    A segment stands for its rarest class. Each class has its share, and as far as ``count`` goes at least one segment;
    which, follows from the segments' names and the seed, so that a larger sample holds a smaller one.
    """
    kept = []
    for _, part in table.groupby("split", sort=False):
        frequency = part["labels"].explode().value_counts()
        strata = part["labels"].map(
            lambda labels, frequency=frequency: min(labels, key=lambda each: (frequency[each], each))
        )
        order = pd.DataFrame({"stratum": strata, "lot": [manifests.lot(name, seed) for name in part["segment_id"]]})
        place = order.groupby("stratum")["lot"].rank(method="first") - 1
        size = order.groupby("stratum")["lot"].transform("size")
        order["turn"] = ((place + 0.5) / size).where(place > 0, 0.0)
        order["size"] = -size
        kept.append(order.sort_values(["turn", "size", "lot"]).index[:count])
    return table.loc[np.sort(np.concatenate(kept))]
