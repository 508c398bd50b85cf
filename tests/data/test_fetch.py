"""Public data: from a server on this machine, which can be cut, lie or be away; and what is known of the real ones."""

import hashlib
import http.server
import io
import os
import re
import subprocess
import sys
import tarfile
import threading
import zipfile

import numpy as np
import pytest
import yaml

from c3 import config
from c3.data import fetch
from c3.data.datasets import DATASETS, Dataset
from c3.errors import C3Error

ROOT = config.__file__.rpartition("/c3/")[0]
SOUNDS = {f"001 - Dog/{number}-A.ogg": np.random.default_rng(number).bytes(50_000) for number in range(4)}


class Server(http.server.ThreadingHTTPServer):
    """Serves ``files``. ``cut``: bytes that each of the next answers may have; ``sent``: what was asked and sent."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.cut, self.sent, self.ranges = {}, [], [], True

    def url(self, name):
        return f"http://127.0.0.1:{self.server_address[1]}/{name}"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        server = self.server
        data = server.files.get(self.path.partition("?")[0].strip("/"))
        if data is None:
            server.sent.append((self.path, 0))
            return self.send_error(404)
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(asked[1]) if asked and server.ranges else 0
        if start >= len(data):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(data)}")
            self.send_header("Content-Length", "0")
            return self.end_headers()
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        body = data[start:][: server.cut.pop(0) if server.cut else None]
        server.sent.append((self.path, len(body)))
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with Server() as server:
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        yield server
        server.shutdown()


def zipped(files):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return stream.getvalue()


def tarred(files):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return stream.getvalue()


@pytest.fixture
def sounds(server, tmp_path):
    """A data set of the shape of ESC-10, on the server: files to be taken, files to be left."""
    given = {f"ESC-553c8f1/{name}": data for name, data in SOUNDS.items()}
    server.files["553c8f1.zip"] = zipped(given | {"ESC-553c8f1/README.md": b"credits", "ESC-553c8f1/a.xlsx": b"no"})
    for name, data in SOUNDS.items():
        path = tmp_path / "wanted" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return Dataset(
        about="Sounds (by some one)",
        licence="CC BY 9.0",
        home="http://nowhere",
        url=server.url("553c8f1.zip"),
        megabytes=3,
        members=DATASETS["esc10"].members,
        files=4,
        digest=fetch.digest(tmp_path / "wanted"),
    )


def names(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_fetched_with_licence_and_size_and_nothing_else(sounds, server, tmp_path):
    said = []
    fetch.fetch("sounds", sounds, tmp_path / "data", said.append)
    assert names(tmp_path / "data") == sorted(f"sounds/{name}" for name in [*SOUNDS, "LICENCE", "README.md"])
    assert all((tmp_path / "data/sounds" / name).read_bytes() == data for name, data in SOUNDS.items())
    for words in ("CC BY 9.0", "some one", sounds.url):
        assert words in said[0] and words in (tmp_path / "data/sounds/LICENCE").read_text()
    assert "3 MB" in said[0]
    assert server.sent == [("/553c8f1.zip", len(server.files["553c8f1.zip"]))]


def test_a_second_call_asks_for_nothing(sounds, server, tmp_path):
    fetch.fetch("sounds", sounds, tmp_path)
    server.sent.clear()
    fetch.fetch("sounds", sounds, tmp_path)
    assert not server.sent


def test_a_cut_download_goes_on_where_it_ended(sounds, server, tmp_path):
    size = len(server.files["553c8f1.zip"])
    server.cut = [70_000, 60_000]
    fetch.fetch("sounds", sounds, tmp_path)
    assert [sent for _, sent in server.sent][:2] == [70_000, 60_000]
    assert size <= sum(sent for _, sent in server.sent) < size + 2 * fetch.BLOCK


def test_the_next_call_goes_on_where_this_one_ended(sounds, server, tmp_path):
    size = len(server.files["553c8f1.zip"])
    server.cut = [70_000, 100]  # then nothing comes any more
    with pytest.raises(C3Error, match=r"553c8f1.zip cannot be reached .* next call goes on"):
        fetch.fetch("sounds", sounds, tmp_path / "data")
    assert not (tmp_path / "data/sounds").exists()
    server.sent.clear()
    fetch.fetch("sounds", sounds, tmp_path / "data")
    ((_, sent),) = server.sent
    assert size - 70_000 <= sent < size - 70_000 + fetch.BLOCK
    assert not (tmp_path / "data" / fetch.WORK).exists()


def test_a_server_without_ranges_starts_again(sounds, server, tmp_path):
    server.cut, server.ranges = [70_000], False
    fetch.fetch("sounds", sounds, tmp_path)
    assert [sent for _, sent in server.sent] == [70_000, len(server.files["553c8f1.zip"])]


@pytest.mark.parametrize("more", [b"", b"of an older file"])
def test_killed_between_the_last_byte_and_the_end(sounds, server, tmp_path, more):
    part = tmp_path / "data" / fetch.WORK / "sounds" / "553c8f1.zip.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(server.files["553c8f1.zip"] + more)
    fetch.fetch("sounds", sounds, tmp_path / "data")
    assert bool(server.sent) == bool(more)


def test_killed_while_files_were_taken_out(sounds, server, tmp_path):
    work = tmp_path / "data" / fetch.WORK / "sounds"
    (work / "files").mkdir(parents=True)
    (work / "files/half.ogg").write_bytes(b"half")
    (work / "553c8f1.zip").write_bytes(server.files["553c8f1.zip"])
    fetch.fetch("sounds", sounds, tmp_path / "data")
    assert not server.sent and "sounds/half.ogg" not in names(tmp_path / "data")


def test_an_archive_in_an_archive(server, tmp_path, sounds):
    inner = tarred({f"101/dog/image_{n:04d}.jpg": bytes([n]) * 99 for n in range(9)} | {"101/cat/1.jpg": b"no"})
    server.files["outer.zip"] = zipped({"outer/inner.tar.gz": inner, "outer/Annotations.tar": b"no"})
    changes = dict(
        url=server.url("outer.zip") + "?download=1",
        inside="outer/inner.tar.gz",
        members={r"101/(dog/image_000\d\.jpg)": r"pictures/\1"},
        first=3,
        files=3,
        checksum="md5:" + hashlib.md5(server.files["outer.zip"]).hexdigest(),
    )
    for number in range(3):
        path = tmp_path / f"three/pictures/dog/image_{number:04d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes([number]) * 99)
    fetch.fetch("caltech", sounds._replace(**changes, digest=fetch.digest(tmp_path / "three")), tmp_path / "data")
    assert names(tmp_path / "data/caltech") == ["LICENCE", *names(tmp_path / "three")]


WRONG = {
    "changed": {f"ESC/{name}": data + b"!" for name, data in SOUNDS.items()},
    "fewer": {f"ESC/{name}": data for name, data in list(SOUNDS.items())[1:]},
    "leads out": {"ESC/../../../evil.ogg": b"evil"} | {f"ESC/{name}": data for name, data in SOUNDS.items()},
    "leads out, and is wanted": {"ESC/001 - Dog/../../../../evil.ogg": b"evil"},
    "absolute": {"/ESC/001 - Dog/evil.ogg": b"evil"},
}
SENTENCES = {
    "changed": r"is not what it should be: it holds 4 files with the digest \w{64}; allowed are 4 files with \w{64}\.$",
    "fewer": r"is not what it should be: it holds 3 files with the digest \w{64}; allowed are 4 files with \w{64}\.$",
    "leads out": r"it has the member 'ESC/../../../evil.ogg'; allowed are members that stay in their folder\.$",
    "leads out, and is wanted": r"it has the member 'ESC/001.*evil.ogg'; allowed are members that stay",
    "absolute": r"it has the member '/ESC/001.*evil.ogg'; allowed are members that stay",
    "a page": r"it cannot be read \(.*\); allowed is a whole zip or tar file\.$",
    "half": r"it cannot be read \(.*\); allowed is a whole zip or tar file\.$",
    "another archive": r"553c8f1.zip is another file; allowed is the one with the checksum 0{64}\.$",
    "no archive inside": r"it cannot be read \(.*inner.tar.*\); allowed is",
}


@pytest.mark.parametrize("case", SENTENCES)
def test_wrong_content_is_refused_and_nothing_is_left(sounds, server, tmp_path, case):
    if case in WRONG:
        server.files["553c8f1.zip"] = zipped(WRONG[case])
    elif case == "a page":
        server.files["553c8f1.zip"] = b"<html>Log in to the network of the hotel</html>"
    elif case == "half":
        server.files["553c8f1.zip"] = server.files["553c8f1.zip"][:-100]
    elif case == "another archive":
        sounds = sounds._replace(checksum="0" * 64)
    else:
        sounds = sounds._replace(inside="outer/inner.tar.gz")
    before = names(tmp_path)
    with pytest.raises(C3Error, match=SENTENCES[case]) as error:
        fetch.fetch("sounds", sounds, tmp_path / "data")
    assert str(error.value).startswith(sounds.url) and "\n" not in str(error.value)
    assert names(tmp_path) == before and not list((tmp_path / "data").iterdir())


def test_tar_with_a_member_that_leads_out(sounds, server, tmp_path):
    server.files["sounds.tar.gz"] = tarred({"ESC/001 - Dog/../../../../evil.ogg": b"evil"})
    with pytest.raises(C3Error, match="members that stay in their folder"):
        fetch.fetch("sounds", sounds._replace(url=server.url("sounds.tar.gz")), tmp_path / "data")
    assert not list((tmp_path / "data").iterdir())


def test_not_found(sounds, server, tmp_path):
    with pytest.raises(C3Error, match=r"gone.zip answers with status 404; allowed is 200"):
        fetch.fetch("sounds", sounds._replace(url=server.url("gone.zip")), tmp_path / "data")
    assert not list((tmp_path / "data").iterdir())


def test_a_folder_with_other_data_is_left_alone(sounds, server, tmp_path):
    (tmp_path / "sounds").mkdir()
    (tmp_path / "sounds/mine.ogg").write_bytes(b"mine")
    with pytest.raises(C3Error, match=r"sounds holds other data than .*: 1 files with the digest .*; allowed are 4"):
        fetch.fetch("sounds", sounds, tmp_path)
    assert (tmp_path / "sounds/mine.ogg").exists() and not server.sent


def test_a_place_that_cannot_be_written(sounds, tmp_path):
    (tmp_path / "data").write_bytes(b"a file")
    with pytest.raises(C3Error, match=r"data.* cannot be written \(.*\); allowed is a folder with room for the 3 MB"):
        fetch.fetch("sounds", sounds, tmp_path / "data")


def script(*arguments, **environment):
    command = [sys.executable, f"{ROOT}/scripts/fetch.py", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=os.environ | environment, check=False)


def test_no_network_is_one_sentence(tmp_path):
    nowhere = dict.fromkeys(("http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"), "http://127.0.0.1:9")
    ran = script("--root", tmp_path / "data", "--names", "mnist", NO_PROXY="", no_proxy="", **nowhere)
    assert ran.returncode == 1
    assert DATASETS["mnist"].licence in ran.stdout and f"{DATASETS['mnist'].megabytes} MB" in ran.stdout
    assert re.fullmatch(r"c3: https://github.com/rasbt/\S+ cannot be reached \(.*\); allowed is .*\.\n", ran.stderr)
    assert not list((tmp_path / "data").iterdir())


def test_an_unknown_name(tmp_path):
    ran = script("--root", tmp_path, "--names", "esc10", "esc11")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr == f"c3: the data set is 'esc11'; allowed are {', '.join(DATASETS)}.\n"


KNOWN_BY_CONTENT = [name for name, dataset in DATASETS.items() if dataset.digest]


@pytest.mark.parametrize("name", KNOWN_BY_CONTENT)
def test_the_real_data_has_the_digest(real, name, tmp_path):
    if not (real / name).is_dir():
        pytest.skip(f"no {real / name}")
    dataset = DATASETS[name]
    assert fetch.summary(real / name) == (dataset.files, dataset.digest)
    said = []
    (tmp_path / name).symlink_to(real / name)
    fetch.fetch(name, dataset, tmp_path, said.append)
    assert said == [f"{tmp_path / name}: there already"]


# where the files of a data set lie in its archive, and other members that are not wanted
GROUND = "101_ObjectCategories/BACKGROUND_Google"
MEMBERS = {
    "esc10": ("ESC-10-553c8f1/", ["ESC-10-553c8f1/ESC-10.png", "ESC-10-553c8f1/001 - Dog bark/"]),
    "caltech": (
        "101_ObjectCategories/",
        [f"{GROUND}/image_{number:04d}.jpg" for number in (1, 2, 398, 401, 404, 440, 466)]
        + [
            f"{GROUND}/tmp",
            "101_ObjectCategories/watch/._image_0001.jpg",
            "101_ObjectCategories/wrench/image_0001.jpg",
        ],
    ),
    "fsdd": ("free-spoken-digit-dataset-26eb9aa/", ["free-spoken-digit-dataset-26eb9aa/metadata.py"]),
    "mnist": ("mnist-pngs-d26bd33/test/", ["mnist-pngs-d26bd33/train/0/1.png", "mnist-pngs-d26bd33/test/0/69999.png"]),
}


@pytest.mark.parametrize("name", KNOWN_BY_CONTENT)
def test_what_is_wanted_is_what_the_real_data_has(real, name):
    if not (real / name).is_dir():
        pytest.skip(f"no {real / name}")
    prefix, others = MEMBERS[name]
    wanted = [path for path in names(real / name) if path not in fetch.NOTES]
    dataset = DATASETS[name]
    got = fetch.places([*(prefix + path for path in wanted), *others], dataset.members, dataset.first)
    assert sorted(got.values()) == wanted


def test_the_free_clips_of_esc50(real):
    """Of its 2,000 clips those whose own licence is free, by class; the archive names a clip's class by its number."""
    clips = [path for path in names(real / "esc50") if path.endswith(".ogg")]
    wanted = {path.removesuffix(".ogg"): path.partition(" - ")[0] for path in clips}
    members = [f"ESC-50-33c8ce9/audio/{path.partition('/')[2]}-{int(n)}.wav" for path, n in wanted.items()]
    others = [
        "ESC-50-33c8ce9/audio/1-100032-A-0.wav",
        "ESC-50-33c8ce9/audio/4-132383-A-3.wav",
        "ESC-50-33c8ce9/LICENSE",
    ]
    got = fetch.places([*members, *others], DATASETS["esc50"].members)
    assert got.pop("ESC-50-33c8ce9/LICENSE") == "README.md" and len(got) == DATASETS["esc50"].files
    assert {place.rpartition("-")[0] for place in got.values()} == set(wanted)


def test_an_archive_may_be_known_by_its_bytes_alone(server, sounds, tmp_path):
    dataset = sounds._replace(digest=None)
    fetch.fetch("sounds", dataset, tmp_path / "data")
    server.sent.clear()
    said = []
    fetch.fetch("sounds", dataset, tmp_path / "data", said.append)
    assert said == [f"{tmp_path / 'data/sounds'}: there already"] and not server.sent
    next((tmp_path / "data/sounds").rglob("*.ogg")).unlink()
    with pytest.raises(C3Error, match=r"holds other data than .*; allowed are 4 files, or no such folder"):
        fetch.fetch("sounds", dataset, tmp_path / "data")


@pytest.mark.parametrize(
    "name, member, place",
    [
        ("esc50_full", "ESC-50-33c8ce9/audio/1-100032-A-0.wav", "audio/1-100032-A-0.wav"),
        ("esc50_full", "ESC-50-33c8ce9/meta/esc50.csv", "meta/esc50.csv"),
        ("urbansound8k", "UrbanSound8K/audio/fold5/100032-3-0-0.wav", "audio/fold5/100032-3-0-0.wav"),
        ("urbansound8k", "UrbanSound8K/metadata/UrbanSound8K.csv", "metadata/UrbanSound8K.csv"),
        ("urbansound8k", "UrbanSound8K/audio/fold5/.DS_Store", None),
    ],
)
def test_a_benchmark_lies_where_its_configuration_looks(name, member, place):
    assert fetch.places([member], DATASETS[name].members).get(member) == place
    section = yaml.safe_load(open(f"{ROOT}/config/{name.removesuffix('_full')}.yaml"))["benchmark"]
    looked_for = [section["media"], *section["train"]]
    assert place is None or any(f"data/{name}/{place}".startswith(each) for each in looked_for)


@pytest.mark.parametrize("name", ["esc10", "avdigits", "longtail"])
def test_make_data_brings_all_that_a_shipped_configuration_names(name):
    section = yaml.safe_load(open(f"{ROOT}/config/{name}.yaml"))["collage"]
    assert section["root"] == "data"
    globs = [
        section.get("background"),
        *(c.get(k) for c in section["classes"].values() for k in ("sounds", "pictures")),
    ]
    made = re.search(r"^NAMES \?= (.*)$", open(f"{ROOT}/Makefile").read(), re.M)[1].split()
    assert {glob.partition("/")[0] for glob in globs if glob} <= set(made) <= set(DATASETS)
