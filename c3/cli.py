"""What every script shares: a parser of named files, one-sentence errors, writing beside and renaming."""

import argparse
import contextlib
import errno
import glob
import json
import os
import re
import shutil
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from c3.errors import C3Error

NOT_WRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM)
"""a full disk, a full quota, a disk or a folder that may only be read"""

SKEW_SECONDS = 60
"""by which the clock of a file server may be ahead"""


def run(main: Callable[[argparse.Namespace], None], **arguments: dict) -> None:
    """Parse ``--name value`` options and call ``main``; a :class:`C3Error` prints its sentence and exits with 1.

    Each keyword is an option's name and its ``argparse`` settings; options are required unless they have a default.
    With the setting ``positional`` it is no option: for the few commands that people type.
    """
    parser = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__)
    for name, settings in arguments.items():
        if settings.pop("positional", False):
            parser.add_argument(name, **settings)
        else:
            parser.add_argument(f"--{name.replace('_', '-')}", required="default" not in settings, **settings)
    try:
        main(parser.parse_args())
    except C3Error as error:
        sys.exit(f"c3: {error}")
    except BrokenPipeError:
        sys.exit(1)
    except (OSError, RuntimeError) as error:
        number = getattr(error, "errno", None) or _errno_of_hdf5(error)
        if number not in NOT_WRITABLE:
            raise
        where = f"{error.filename}: " if getattr(error, "filename", None) else ""
        sys.exit(f"c3: {where}{os.strerror(number)}; allowed are results on a disk with room that may be written to.")


def _errno_of_hdf5(error: Exception) -> int | None:
    """The number that HDF5 has in its message, where it finds a disk full when it closes a file."""
    found = re.search(r"\berrno = (\d+)", str(error))
    return int(found[1]) if found else None


def check_writable(folder: str | Path) -> None:
    """:class:`C3Error` if nothing can be written into ``folder``, or where it would be made."""
    there = next(place for place in (Path(folder), *Path(folder).absolute().parents) if place.exists())
    if not os.access(there, os.W_OK | os.X_OK):
        raise C3Error(f"{there} cannot be written to; allowed are results in a folder that may be written to.")


def check_dates(paths: Iterable[str | Path], now: float) -> None:
    """:class:`C3Error` if a file is dated after ``now`` (seconds of the clock): what is made of it would be older than
    it, and Snakemake would take it away."""
    for path in sorted(map(str, paths)):
        if os.path.exists(path) and (written := os.path.getmtime(path)) > now + SKEW_SECONDS:
            date = time.strftime("%Y-%m-%d %H:%M", time.localtime(written))
            raise C3Error(
                f"{path} is dated {date}, which is not yet; allowed are files older than now: set the clock right, or"
                " `touch` the file."
            )


def section(text: str) -> dict:
    """The ``type`` of an option that carries a part of the configuration as JSON."""
    return json.loads(text)


@contextlib.contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """A path beside ``path`` (same suffix) to write to; renamed to it on success, removed on failure.

    Of a writer that was killed the next one of the same file removes what it has left.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(path.parent, unfinished := _unfinished(path.stem))
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f"{unfinished}{os.getpid()}-", suffix=path.suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def replacing_folder(path: str | Path, kept: str | None = None) -> Iterator[Path]:
    """As :func:`replacing`, of an empty folder, which takes the place of all that is in ``path``.

    Of that, files that match the glob ``kept`` are taken along.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(path.parent, unfinished := _unfinished(path.name))
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f"{unfinished}{os.getpid()}-") as beside:
        folder = Path(beside) / path.name
        folder.mkdir()
        yield folder
        for each in path.glob(kept) if kept else []:
            shutil.copy2(each, folder)
        shutil.rmtree(path, ignore_errors=True)
        folder.rename(path)


def import_keras() -> None:
    """Load the backend without its start-up notes (processor features, no GPU found), which no setting silences.

    oneDNN trains 1.5 times as fast on processors on which TensorFlow leaves it off by default. Keras
    also loads optional packages, which takes seconds, for parts of it that are not used here.
    """
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    hidden = [package for package in ("sklearn", "matplotlib.pyplot") if package not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # as if they were not installed
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        import keras  # noqa: F401
    finally:
        for package in hidden:
            del sys.modules[package]
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _unfinished(name: str) -> str:
    """How the names begin of what processes of this computer write for ``name``; their numbers follow.

    On another computer nobody knows whether a process lives.
    """
    return f".{name[:100]}.{zlib.crc32(os.uname().nodename.encode()):08x}-"


def _remove_abandoned(folder: Path, unfinished: str) -> None:
    """What processes left that are dead, of names that begin so."""
    for left in folder.glob(f"{glob.escape(unfinished)}*"):
        writer = left.name.removeprefix(unfinished).partition("-")[0]
        if writer.isdecimal() and _is_dead(int(writer)):
            shutil.rmtree(left, ignore_errors=True) if left.is_dir() else left.unlink(missing_ok=True)


def _is_dead(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except PermissionError:  # somebody else's
        pass
    return False


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
