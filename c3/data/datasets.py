"""The public data that `make data` knows how to fetch. Another data set is one more entry."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple


class Dataset(NamedTuple):
    """Where a data set is, what of it is wanted, and how to know that it is the right one."""

    about: str
    licence: str
    home: str
    """page of the data set"""
    url: str
    """its archive: zip, or tar in any compression"""
    megabytes: int
    """of the archive, about"""
    members: dict[str, str]
    """what is taken out: expression that fits the whole name of a member → its place in the folder of the data set"""
    files: int
    digest: str | None
    """of the files, see :func:`c3.data.fetch.digest`; None: the archive's bytes are known, ``checksum``"""
    inside: str | None = None
    """archive within the archive that has the members"""
    first: int | None = None
    """of each folder only so many files, by name"""
    checksum: str | None = None
    """SHA-256 of the archive, or MD5 as `md5:…`, if its publisher keeps its bytes; GitHub only keeps what archives
    contain"""


README = {r"[^/]+/(README\.md)": r"\1"}
OBJECTS = "dalmatian|helicopter|ketch|rooster|umbrella|watch"
# Clips of ESC-50 whose own licence is CC0 or CC BY, of the classes that ESC-10 lacks, as <target> - <class>/<clip>.
FREE_CLIPS = Path(__file__).with_name("esc50_clips.txt").read_text().split("\n")[:-1]
EVERY_FOURTH = r"image_0(?:[0-3](?:[02468][048]|[13579][26])|400)\.jpg"  # to the 400th

ESC50 = {
    "home": "https://github.com/karolpiczak/ESC-50",
    "url": "https://github.com/karolpiczak/ESC-50/archive/33c8ce9eb2cf0b1c2f8bcf322eb349b6be34dbb6.zip",
    "megabytes": 646,
    "checksum": "661183a6f53ef04f12c9bd618fed0ddc1713280d6c94a5a5431e844ba6f6a21f",
}
"""The archive that a part is taken of, or all."""
DATASETS = {
    "esc10": Dataset(
        about="ESC-10: 400 recordings of 10 kinds of sound (K. J. Piczak, ACM Multimedia 2015)",
        licence="CC BY 3.0; the authors of the clips are named in README.md",
        home="https://github.com/karolpiczak/ESC-10",
        url="https://github.com/karolpiczak/ESC-10/archive/553c8f1743b9dba6b282e1323c3ca8fa76923448.zip",
        megabytes=41,
        members={r"[^/]+/(\d{3} - [^/]+/[^/]+\.ogg)": r"\1", **README},
        files=400,
        digest="98dcfc5c90c324e1413fa1975dced99302ebae952bbdfa05a0381f4d07300269",
    ),
    "caltech": Dataset(
        about="Caltech-101: 732 pictures of six kinds of object and of backgrounds"
        " (F.-F. Li, M. Andreeto, M. A. Ranzato, P. Perona, doi:10.22002/D1.20086)",
        licence="CC BY 4.0",
        home="https://data.caltech.edu/records/mzrjq-6wc02",
        url="https://data.caltech.edu/records/mzrjq-6wc02/files/caltech-101.zip?download=1",
        megabytes=137,
        inside="caltech-101/101_ObjectCategories.tar.gz",
        members={rf"101_ObjectCategories/((?:{OBJECTS})/image_\d+\.jpg|BACKGROUND_Google/{EVERY_FOURTH})": r"\1"},
        files=732,
        digest="0b7cc336503df523ce98eb37af9b5a52e859a3a4d7b0db4ac5770ec4ac35511d",
        checksum="331234750fc7f77520e50d9565e8b6907b03565e30320da1401130db08c61f91",
    ),
    "fsdd": Dataset(
        about="Free Spoken Digit Dataset: 3,000 recordings of six speakers (Z. Jackson and others)",
        licence="CC BY-SA 4.0",
        home="https://github.com/Jakobovski/free-spoken-digit-dataset",
        url="https://github.com/Jakobovski/free-spoken-digit-dataset/archive/26eb9aaf76e81b692f806f9140c2d2777410d7a1.zip",
        megabytes=15,
        members={r"[^/]+/(recordings/[^/]+\.wav)": r"\1", **README},
        files=3000,
        digest="04e1baae96c6a26e39c623f2b01d0182ddae627ba0ac02a3cdc17ba2af99fd9b",
    ),
    "esc50": Dataset(
        about="ESC-50: 299 recordings of 40 kinds of sound that ESC-10 lacks (K. J. Piczak, ACM Multimedia 2015)",
        licence="CC0 and CC BY, clip by clip; the authors of the clips are named in README.md",
        **ESC50,
        members={
            rf"[^/]+/audio/({re.escape(name)}-{int(kind[:3])}\.wav)": rf"{kind}/\1"
            for kind, _, name in (clip.partition("/") for clip in FREE_CLIPS)
        }
        | {r"[^/]+/LICENSE": "README.md"},
        files=299,
        digest=None,
    ),
    "esc50_full": Dataset(
        about="ESC-50: all 2,000 recordings of 50 kinds of sound, in five folds (K. J. Piczak, ACM Multimedia 2015)",
        licence="CC BY-NC 3.0; the authors of the clips are named in README.md",
        **ESC50,
        members={r"[^/]+/(audio/[^/]+\.wav|meta/esc50\.csv)": r"\1", r"[^/]+/LICENSE": "README.md"},
        files=2001,
        digest=None,
    ),
    "urbansound8k": Dataset(
        about="UrbanSound8K: 8,732 recordings of 10 kinds of sound, in ten folds (J. Salamon, C. Jacoby, J. P. Bello,"
        " ACM Multimedia 2014)",
        licence="CC BY-NC 4.0; the authors of the recordings are named in README.md",
        home="https://urbansounddataset.weebly.com/urbansound8k.html",
        url="https://zenodo.org/record/1203745/files/UrbanSound8K.tar.gz?download=1",
        megabytes=6023,
        members={
            r"UrbanSound8K/(audio/fold\d+/[^/.][^/]*\.wav|metadata/UrbanSound8K\.csv)": r"\1",
            r"UrbanSound8K/FREESOUNDCREDITS\.txt": "README.md",
        },
        files=8733,
        digest=None,
        checksum="md5:9aa69802bbf37fb986f71ec1483a196e",
    ),
    "mnist": Dataset(
        about="MNIST as PNG: 200 test pictures of each digit (MNIST by Y. LeCun and others; as PNG by S. Raschka)",
        licence="MIT",
        home="https://github.com/rasbt/mnist-pngs",
        url="https://github.com/rasbt/mnist-pngs/archive/d26bd33bf1e454dd15bd4fe8b8ba64c76308f91c.zip",
        megabytes=36,
        members={r"[^/]+/test/(\d/\d+\.png)": r"\1", **README},
        first=200,
        files=2000,
        digest="ad5ec21d2bdb5b0d9d81c5e4a8d168cdab9403d7dcacbcf62d420a0137ccf223",
    ),
}
