"""What the bytes of a file say, where decoders believe its header more than its content."""

from __future__ import annotations

import functools
import os
import re
import struct
from typing import NamedTuple

from c3.data import packs

WAVE = (b"RIFF", b"RIFX", b"RF64")
OGG_DATA, OGG_BEGIN = b"OggS\0\0", b"OggS\0\2"
"""how a page begins, within a stream and where one begins; all beginnings stand before the first other page"""
FLAC = re.compile(rb"fLaC[\0\x80]\0\0\x22")
"""how a FLAC file begins (RFC 9639, section 8): its name, and a block of 34 bytes that describes the stream"""
FLAC_BEGINNING = 8
TRANSPORT = ((0, 188), (4, 192))
"""where packets of a transport stream begin, and their length; those of cameras have a time before them"""
CHUNKED = {
    rb"FORM....AIF[FC]": (0, ">4xI", 8),
    rb"caff\x00\x01": (8, ">4xq", 12),
    rb"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\0\0": (0, "<16xQ", 0),
    rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\0\xaa\0\x62\xce\x6c": (0, "<16xQ", 0),
    rb"\0\0\0.ftyp": (0, ">I", 0),
}
"""how files begin that are chunks one after the other (AIFF, CAF, W64, WMA, mp4 and its kin): where the first chunk is,
where in it its length stands, and how many bytes that leaves out"""
ANY = re.compile(b"|".join([*CHUNKED, rb"RIFF....WAVE", FLAC.pattern, re.escape(OGG_BEGIN)]), re.DOTALL)
"""how any file begins that is looked for behind one of chunks"""
MPEG = (0x50, 0x55)
"""how a WAVE file calls MPEG"""
BLOCK = 2**20
HEADER = 64
"""bytes in which the header of a chunk ends, and in which another file is looked for"""
LAST_PAGE = 2**16
"""bytes that an Ogg page has at most, about"""


class DataChunk(NamedTuple):
    """The samples of a WAVE file."""

    announced: int
    """bytes, as its header says"""
    there: int
    """bytes from there to the end of the file"""
    is_kept: bool
    """what follows the announced bytes is nothing, or chunks; if not, they are no end of the samples"""
    is_followed: bool
    """what follows is another file"""
    is_mpeg: bool
    """the samples are MPEG, as in an MP3 file"""


def first_bytes(path: str, count: int) -> bytes:
    """The first bytes of a file; none if it cannot be read."""
    try:
        with packs.binary(path) as file:
            return file.read(count)
    except OSError:
        return b""


def data_chunk(path: str) -> DataChunk | None:
    """Where the samples of a WAVE file are; None if it is none, or has no chunk of samples (RIFF specification, 1991;
    RF64: EBU Tech 3306)."""
    size = packs.size(path)
    with packs.binary(path) as file:
        riff, _, wave = struct.unpack("4s4s4s", file.read(12).ljust(12))
        if riff not in WAVE or wave != b"WAVE":
            return None
        order, long, place, found, code = ">" if riff == b"RIFX" else "<", None, 12, None, 0
        while place + 8 <= size:
            file.seek(place)
            name, length = struct.unpack(f"{order}4sI", file.read(8).ljust(8))
            if found:
                if name in WAVE:
                    return found._replace(is_followed=True)
                if not name.isascii() or not name.decode().isprintable() or place + 8 + length > size:
                    return found._replace(is_kept=False)
            elif name == b"ds64":
                long = struct.unpack("<8xQ", file.read(16).ljust(16))[0]
            elif name == b"fmt ":
                code = struct.unpack(f"{order}H", file.read(2).ljust(2))[0]
            elif name == b"data":
                length = long if long is not None and length == 2**32 - 1 else length
                found = DataChunk(length, size - place - 8, True, False, code in MPEG)
            place += 8 + length + length % 2
    return found


def is_chained(path: str) -> bool:
    """Whether this is an Ogg file that is several, one after the other (RFC 3533, section 4)."""
    if first_bytes(path, 4) != b"OggS":
        return False
    status = os.stat(packs.pack_of(path))
    return _is_chained(path, status.st_size, status.st_mtime_ns)


@functools.lru_cache(maxsize=1)
def _is_chained(path: str, size: int, modified: int) -> bool:
    before, in_data = b"", False
    with packs.binary(path) as file:
        while block := file.read(BLOCK):
            block, begin = before + block, 0
            if not in_data:
                begin = block.find(OGG_DATA)
                in_data = begin >= 0
            if in_data and block.find(OGG_BEGIN, begin) >= 0:
                return True
            before = block[-len(OGG_BEGIN) + 1 :]
    return False


def is_followed(path: str) -> bool:
    """Whether this is a FLAC file with another behind it, which decoders either leave out or take for a part of it."""
    if first_bytes(path, 4) != b"fLaC":
        return False
    before = b""
    with packs.binary(path) as file:
        file.seek(FLAC_BEGINNING)
        while block := file.read(BLOCK):
            if FLAC.search(before + block):
                return True
            before = block[1 - FLAC_BEGINNING :]
    return False


def has_another_behind(path: str) -> bool:
    """Whether another file begins where a chunk of this one ends (AIFF, CAF, W64, WMA, mp4), or a few bytes later."""
    size = packs.size(path)
    with packs.binary(path) as file:
        begin = file.read(HEADER)
        found = (layout for beginning, layout in CHUNKED.items() if re.match(beginning, begin, re.DOTALL))
        first, form, more = next(found, (size, "", 0))
        place = first
        while place + 8 <= size:
            file.seek(place)
            header = file.read(HEADER)
            if place > first and ANY.search(header):
                return True
            length = struct.unpack_from(form, header.ljust(HEADER))[0] + more
            if length == 1:  # of mp4: it stands behind, in 8 bytes
                length = struct.unpack_from(">8xQ", header.ljust(HEADER))[0]
            if length < max(more, 8):  # the rest of the file, or nonsense
                return False
            place += length
    return False


def is_transport_stream(path: str) -> bool:
    """Whether this is an MPEG transport stream (ISO/IEC 13818-1), with or without times before its packets."""
    begin = first_bytes(path, 4 + 2 * 192)
    return any(begin[first::length][:2] == b"GG" for first, length in TRANSPORT)


def has_end(path: str) -> bool:
    """Whether the last page of an Ogg file says that it is the last."""
    with packs.binary(path) as file:
        file.seek(max(packs.size(path) - LAST_PAGE, 0))
        tail = file.read()
    last = tail.rfind(b"OggS")
    return last >= 0 and last + 5 < len(tail) and bool(tail[last + 5] & 4)
