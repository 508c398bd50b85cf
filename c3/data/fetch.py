"""Fetch public data: an archive from its home, what is wanted of it into a folder, and nothing but what was asked for.

A download that was cut goes on where it ended. The folder of a data set appears when it is complete and its digest is
right, never before.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import lzma
import re
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO
from urllib.parse import urlsplit

import pooch
import requests
from tqdm import tqdm

from c3.data.datasets import Dataset
from c3.errors import C3Error

WORK = ".fetch"
"""folder beside the data that holds what is not complete"""
NOTES = ("LICENCE", "README.md")
"""files of a data set that are no data: the digest leaves them out"""
TIMEOUT_SECONDS = 30
BLOCK = 1 << 13
"""bytes written at a time; of a cut download less than one is lost"""
BROKEN = (zipfile.BadZipFile, tarfile.TarError, EOFError, zlib.error, lzma.LZMAError, OSError, KeyError, RuntimeError)
"""what reading an archive raises that is none, or is cut"""


def fetch(name: str, dataset: Dataset, root: str | Path, say: Callable[[str], None] = print) -> None:
    """Make the folder ``root``/``name``, unless it is there and right. What is done is said, the licence and the size
    before the download.

    Raises :class:`C3Error` if the archive cannot be had (what has come is kept for the next call), if its contents are
    not those of the data set (nothing is kept), and if the folder is there but holds something else (it is left alone).
    """
    folder, work = Path(root) / name, Path(root) / WORK / name
    try:
        if folder.exists():
            if not _is_right(folder, dataset):
                raise C3Error(
                    f"{folder} holds other data than {dataset.url}: {_wrong(folder, dataset)}, or no such folder,"
                    " for it to be fetched."
                )
            say(f"{folder}: there already")
            return
        say(f"{name}: {dataset.about}\n  licence: {dataset.licence}\n  about {dataset.megabytes} MB: {dataset.url}")
        work.mkdir(parents=True, exist_ok=True)
        _make(dataset, _download(dataset, work), work / "files")
        (work / "files").rename(folder)
        shutil.rmtree(work)
        say(f"{folder}: {dataset.files} files")
    except OSError as error:
        raise C3Error(
            f"{error.filename or folder} cannot be written ({error.strerror}); allowed is a folder with room for the"
            f" {dataset.megabytes} MB of {name} and what is taken out of them."
        ) from None
    finally:
        for path in (work, work.parent):
            with contextlib.suppress(OSError):  # what is not empty is for the next call
                path.rmdir()


def digest(folder: str | Path) -> str:
    """The SHA-256 of the list that ``sha256sum`` makes of the files in the folder, sorted by name.

    Hidden files and :data:`NOTES` are left out. The same in a shell, for a folder without them:
    ``find * -type f | LC_ALL=C sort | xargs -d '\\n' sha256sum | sha256sum``.
    """
    return summary(folder)[1]


def summary(folder: str | Path) -> tuple[int, str]:
    """(number of files, :func:`digest`) of a folder."""
    paths = {path.relative_to(folder).as_posix(): path for path in Path(folder).rglob("*") if path.is_file()}
    names = sorted(name for name in paths if name not in NOTES and not paths[name].name.startswith("."))
    lines = (f"{hashlib.sha256(paths[name].read_bytes()).hexdigest()}  {name}\n" for name in names)
    return len(names), hashlib.sha256("".join(lines).encode()).hexdigest()


def places(names: Iterable[str], members: dict[str, str], first: int | None = None) -> dict[str, str]:
    """Member of an archive → its place in the folder of the data set, for those that are wanted.

    :class:`C3Error` for a member, wanted or not, that leads out of the folder.
    """
    found = {}
    for name in names:
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise C3Error(f"it has the member {name!r}; allowed are members that stay in their folder.")
        for pattern, place in members.items():
            if match := re.fullmatch(pattern, name):
                found[name] = match.expand(place)
    if first is None:
        return found
    folders: dict[str, list[str]] = {}
    for place in sorted(found.values()):
        folders.setdefault(place.rpartition("/")[0], []).append(place)
    kept = {place for inside in folders.values() for place in inside[:first]}
    return {name: place for name, place in found.items() if place in kept}


def _is_right(folder: Path, dataset: Dataset) -> bool:
    """Whether a folder has the files of a data set."""
    count, found = summary(folder)
    return count == dataset.files and found == (dataset.digest or found)


def _wrong(folder: Path, dataset: Dataset) -> str:
    """How the files of a folder differ from those of the data set, in words."""
    count, found = summary(folder)
    return f"{count} files with the digest {found}; allowed are {dataset.files} files" + (
        f" with {dataset.digest}" if dataset.digest else ""
    )


def _make(dataset: Dataset, archive: Path, folder: Path) -> None:
    """Take the files of a data set out of its archive; if they are not its files, C3Error, and both are removed."""
    shutil.rmtree(folder, ignore_errors=True)  # of a call that was killed
    folder.mkdir()
    try:
        _extract(dataset, archive, folder)
        if not _is_right(folder, dataset):
            raise C3Error(f"it holds {_wrong(folder, dataset)}.")
    except C3Error as error:
        shutil.rmtree(folder)
        archive.unlink()
        raise C3Error(f"{dataset.url} is not what it should be: {error}") from None
    note = f"{dataset.about}\nLicence: {dataset.licence}\nHome: {dataset.home}\nTaken from: {dataset.url}\n"
    (folder / "LICENCE").write_text(note)


def _extract(dataset: Dataset, archive: Path, folder: Path) -> None:
    try:
        with _members(archive, dataset.inside) as members:
            wanted = places((name for name, _ in members), dataset.members, dataset.first)
        with _members(archive, dataset.inside) as members:
            for name, read in members:
                if name in wanted:
                    path = folder / wanted[name]
                    path.parent.mkdir(parents=True, exist_ok=True)
                    with read() as source, open(path, "wb") as sink:
                        shutil.copyfileobj(source, sink)
    except BROKEN as error:
        if getattr(error, "errno", None):  # the disk's fault
            raise
        raise C3Error(f"it cannot be read ({error}); allowed is a whole zip or tar file.") from None


@contextlib.contextmanager
def _members(archive: Path, inside: str | None) -> Iterator[Iterator[tuple[str, Callable[[], IO[bytes]]]]]:
    """The files of an archive, or of the one inside it, in their order: name, and what opens it in its turn."""
    with contextlib.ExitStack() as stack:
        stream = stack.enter_context(open(archive, "rb"))
        if inside is not None:
            stream = stack.enter_context(stack.enter_context(zipfile.ZipFile(stream)).open(inside))
        if (inside or archive.name).endswith(".zip"):
            opened = stack.enter_context(zipfile.ZipFile(stream))
            infos = (info for info in opened.infolist() if not info.is_dir())
            yield ((info.filename, functools.partial(opened.open, info)) for info in infos)
        else:
            opened = stack.enter_context(tarfile.open(fileobj=stream, mode="r|*"))
            infos = (info for info in opened if info.isfile())
            yield ((info.name, functools.partial(opened.extractfile, info)) for info in infos)


def _download(dataset: Dataset, folder: Path) -> Path:
    """The archive of a data set in a folder; nothing is asked for if it is there."""
    name = PurePosixPath(urlsplit(dataset.url).path).name
    part = folder / f"{name}.part"

    def downloader(url, output, _):
        _receive_all(url, part)
        part.replace(output)

    pooch.get_logger().setLevel("WARNING")
    try:
        return Path(pooch.retrieve(dataset.url, dataset.checksum, fname=name, path=folder, downloader=downloader))
    except ValueError:  # pooch has removed it
        raise C3Error(
            f"{dataset.url} is another file; allowed is the one with the checksum {dataset.checksum}."
        ) from None


def _receive_all(url: str, part: Path) -> None:
    """Download to ``part``, from its end on; again after a cut, as long as each try brings something."""
    while True:
        had = _size(part)
        try:
            return _receive(url, part)
        except requests.RequestException as error:
            if _size(part) <= had:
                raise C3Error(
                    f"{url} cannot be reached ({type(error).__name__}); allowed is a machine with a network:"
                    " what has come is kept, and the next call goes on with it."
                ) from None


def _receive(url: str, part: Path) -> None:
    """One request for what is missing of ``part``. Whether the two halves fit is told by the digest in the end."""
    had = _size(part)
    # bytes as they are stored: a range of a compressed transfer would be of something else
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={had}-"} if had else {})
    with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT_SECONDS) as response:
        place = response.headers.get("Content-Range", "")
        if response.status_code == 416 and had:  # there is nothing after what has come
            if place == f"bytes */{had}":
                return None
            part.unlink()
            return _receive(url, part)
        goes_on = response.status_code == 206 and place.startswith(f"bytes {had}-")
        if response.status_code != 200 and not goes_on:
            raise C3Error(f"{url} answers with status {response.status_code}; allowed is 200, or 206 for the rest.")
        start = had if goes_on else 0
        length = response.headers.get("Content-Length")
        total = start + int(length) if length else None
        bar = tqdm(total=total, initial=start, desc="download", unit="B", unit_scale=True, mininterval=1)
        with open(part, "ab" if goes_on else "wb") as sink, bar:
            for block in response.iter_content(BLOCK):
                sink.write(block)
                bar.update(len(block))


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
