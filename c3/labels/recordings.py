"""Recordings by name: what a table about one is called, and which recording a table means."""

from __future__ import annotations

import os
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from pathlib import PurePosixPath

NAME_BYTES = 200
"""of 255 that a file name may have, so that endings fit"""


def safe(name: str) -> str:
    """A file name that every system takes; what some do not take becomes ``_``."""
    clean = re.sub(r'[<>:"/\\|?*\x00-\x1f\x7f]', "_", unicodedata.normalize("NFC", name)).strip(" .")
    return clean.encode()[:NAME_BYTES].decode(errors="ignore") or "_"


def unique(names: Iterable[str], taken: Collection[str] = ()) -> list[str]:
    """The names, each of them once on systems that do not tell capitals apart: the next like it get ``_2``, ``_3``."""
    seen, found = {name.casefold() for name in taken}, []
    for name in names:
        number, chosen = 1, name
        while chosen.casefold() in seen:
            number += 1
            chosen = f"{name}_{number}"
        seen.add(chosen.casefold())
        found.append(chosen)
    return found


def table_names(files: Iterable[str], root: str, taken: Collection[str] = ()) -> dict[str, str]:
    """File → what a table about it is called, without an ending, in the same folders as the file is below ``root``.

    That is the file's name without its own ending, but where two would have the same, or it is ``taken``, with it.
    """
    places = {file: PurePosixPath(os.path.relpath(file, root)) for file in files}
    folders = {file: [safe(part) for part in place.parts[:-1] if part != ".."] for file, place in places.items()}
    short = {file: "/".join([*folders[file], safe(place.stem)]) for file, place in places.items()}
    often = Counter(name.casefold() for name in [*short.values(), *taken])
    chosen = [
        name if often[name.casefold()] == 1 else "/".join([*folders[file], safe(places[file].name)])
        for file, name in short.items()
    ]
    return dict(zip(places, unique(chosen, taken), strict=True))


class Recordings:
    """Finds the recordings that other programs mean.

    These write other folders before the file's name, leave out its ending, or change characters in it.
    """

    def __init__(self, files: Iterable[str]):
        self._by_key: dict[str, set[str]] = defaultdict(set)
        for file in files:
            path = PurePosixPath(file)
            for name in (path.name, path.stem, uploaded(path.name)):
                self._by_key[_key(name)].add(file)

    def find(self, name: str) -> list[str]:
        """Files that ``name`` may stand for, a path or its end: none, one, or several that it does not tell apart."""
        *folders, last = name.replace("\\", "/").split("/")
        found = sorted(self._by_key.get(_key(last), ()))
        likeness = [_likeness(PurePosixPath(file), folders, last) for file in found]
        return [file for file, like in zip(found, likeness, strict=True) if like == max(likeness)]


def uploaded(name: str) -> str:
    """What a web form makes of a file's name, as Django does for Label Studio."""
    return re.sub(r"[^-\w.]", "", name.strip().replace(" ", "_"))


def _key(name: str) -> str:
    return safe(name).casefold()


def _likeness(path: PurePosixPath, folders: list[str], last: str) -> tuple[int, bool]:
    """How many folders above the file agree, and whether its name does to the letter."""
    pairs = zip(reversed(path.parts[:-1]), reversed(folders), strict=False)
    differ = [_key(own) != _key(other) for own, other in pairs]
    return [*differ, True].index(True), last in (path.name, path.stem)
