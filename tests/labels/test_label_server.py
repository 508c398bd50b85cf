"""The server of a page: who gets in, what is sent, and that no answer is lost."""

import contextlib
import errno
import hashlib
import http.client
import importlib.util
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parents[2]
SHEET = "segment_id,labels\na_0,wren\n"


@pytest.fixture
def served(tmp_path):
    """A function that asks a running server, and what it serves."""
    spec = importlib.util.spec_from_file_location("label_server", ROOT / "scripts" / "label_server.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    folder = tmp_path / "row.a"
    folder.mkdir()
    (folder / "index.html").write_text("the page")
    (folder / "0001.wav").write_bytes(bytes(range(100)))
    (tmp_path / "row.ab").mkdir()
    (tmp_path / "row.ab" / "secret").write_text("of another folder")
    made = module.server(folder, ["anna", "ben"])
    threading.Thread(target=made.serve_forever, daemon=True).start()

    def ask(method, path, body=None, token=made.token, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", made.server_port, timeout=10)
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, f"/{token}/{path}", body, headers)
        answer = connection.getresponse()
        answer.text = answer.read()
        connection.close()
        return answer

    def send(text, ends=True):
        """What is answered to bytes as they are; with ``ends`` nothing more can follow them."""
        with socket.create_connection(("127.0.0.1", made.server_port), timeout=10) as connection:
            connection.sendall(text.format(token=made.token, port=made.server_port).encode())
            if ends:
                connection.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: connection.recv(2**16), b"")).decode()

    ask.sheet, ask.port, ask.token = tmp_path / "row.a.anna.csv", made.server_port, made.token
    ask.send, ask.module = send, module
    yield ask
    made.shutdown()
    made.server_close()


def put(served, text=SHEET, version='"none"', who="anna", **headers):
    return served("PUT", f"answers?annotator={who}", text.encode(), If_Match=version, **headers)


def test_only_who_has_the_address_gets_in(served):
    assert (served("GET", "").status, served("GET", "").text) == (200, b"the page")
    for token in ("", "x", "%00", "%C3%A4", ".."):
        for method, path in (("GET", "index.html"), ("GET", "answers?annotator=anna"), ("HEAD", "0001.wav")):
            assert served(method, path, token=token).status == 403
        assert served("PUT", "answers?annotator=anna", b"x", token=token, If_Match='"none"').status == 403
    assert served("GET", "", Host="evil.example").status == 403  # a name that leads here, of another page
    assert served("GET", "", Host=f"localhost:{served.port + 1}").status == 200  # the other end of a tunnel
    assert not served.sheet.exists()


def test_it_listens_on_this_computer_alone(tmp_path):
    (tmp_path / "index.html").write_text("the page")
    command = [
        sys.executable,
        ROOT / "scripts" / "label_server.py",
        tmp_path,
        "--port",
        "0",
        "--annotators",
        "anna",
        "ben",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as running:
        lines = [running.stdout.readline() for _ in range(2)]
        listening = [connection.laddr.ip for connection in psutil.Process(running.pid).net_connections()]
        running.terminate()
    assert listening == ["127.0.0.1"]
    assert lines[0].startswith("anna: http://127.0.0.1:") and lines[0].strip().endswith("/?annotator=anna")
    assert lines[1].startswith("ben: ") and len(lines[0].split("/")[3]) > 20


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nowhere"], "nowhere has no index.html; allowed is the folder of a page"),
        ([".", "--annotators", "a/b"], "the annotator 'a/b' cannot be part of a file name; allowed are letters"),
    ],
)
def test_wrong_arguments(tmp_path, arguments, sentence):
    (tmp_path / "index.html").write_text("the page")
    command = [sys.executable, ROOT / "scripts" / "label_server.py", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)})
    assert done.returncode == 1 and sentence in done.stderr


@pytest.mark.parametrize(
    "path",
    [
        "../row.ab/secret",
        "%2e%2e/row.ab/secret",
        "..%2frow.ab%2fsecret",
        "/etc/passwd",
        "//etc/passwd",
        "none",
        "..",
        "%00",
        "%ff",
        "a" * 5000,
    ],
)
def test_nothing_outside_the_folder_is_sent(served, path):
    answer = served("GET", path)
    assert answer.status == 404 and answer.text == b"no such file"


def test_a_link_out_of_the_folder_is_not_followed(served):
    folder = served.sheet.with_name("row.a")
    (folder / "link").symlink_to(folder.parent / "row.ab" / "secret")
    (folder / "folder").symlink_to(folder.parent / "row.ab")
    (folder / "itself").symlink_to("itself")
    for path in ("link", "folder/secret", "itself"):
        assert served("GET", path).status == 404


@pytest.mark.parametrize(
    ("asked", "status", "first", "last"),
    [
        (None, 200, 0, 99), ("bytes=0-", 206, 0, 99), ("bytes=0-0", 206, 0, 0), ("bytes=10-19", 206, 10, 19),
        ("bytes=90-500", 206, 90, 99), ("bytes=-5", 206, 95, 99), ("bytes=-500", 206, 0, 99),
        ("bytes=99-99", 206, 99, 99), ("items=0-1", 200, 0, 99), ("bytes=-", 200, 0, 99),
        (f"bytes={'9' * 5000}-", 200, 0, 99),
    ],
)  # fmt: skip
def test_byte_ranges(served, asked, status, first, last):
    answer = served("GET", "0001.wav", **({"Range": asked} if asked else {}))
    assert answer.status == status and answer.text == bytes(range(first, last + 1))
    assert answer.headers["Content-Range"] == (f"bytes {first}-{last}/100" if status == 206 else None)
    assert answer.headers["Accept-Ranges"] == "bytes" and answer.headers["Content-Type"] == "audio/x-wav"
    head = served("HEAD", "0001.wav")
    assert head.text == b"" and head.headers["Content-Length"] == "100"


@pytest.mark.parametrize("asked", ["bytes=100-", "bytes=20-10", "bytes=-0", f"bytes={'9' * 18}-"])
def test_ranges_that_are_not_there(served, asked):
    answer = served("GET", "0001.wav", Range=asked)
    assert (answer.status, answer.headers["Content-Range"], answer.text) == (416, "bytes */100", b"")


def test_each_annotator_has_a_sheet_that_grows(served):
    first = put(served, Origin=f"http://127.0.0.1:{served.port}")
    assert first.status == 200 and served.sheet.read_text() == SHEET
    second = put(served, SHEET + "b_0,owl\n", first.headers["ETag"])
    assert second.status == 200 and served.sheet.read_text() == SHEET + "b_0,owl\n"
    read = served("GET", "answers?annotator=anna")
    assert (read.text.decode(), read.headers["ETag"]) == (SHEET + "b_0,owl\n", second.headers["ETag"])
    other = served("GET", "answers?annotator=ben")
    assert (other.status, other.text, other.headers["ETag"]) == (200, b"", '"none"')
    assert put(served, who="ben").status == 200
    assert sorted(path.name for path in served.sheet.parent.glob("*.csv")) == ["row.a.anna.csv", "row.a.ben.csv"]


def test_a_save_that_knows_less_is_refused(served):
    first = put(served).headers["ETag"]
    newer = put(served, SHEET + "b_0,owl\n", first).headers["ETag"]
    for version in (first, '"none"', "*", ""):
        stale = put(served, "segment_id,labels\n", version)
        assert stale.status == 412 and stale.headers["ETag"] == newer
    assert served("PUT", "answers?annotator=anna", b"x").status == 412
    assert served.sheet.read_text() == SHEET + "b_0,owl\n"


def test_of_saves_at_the_same_time_one_is_taken(served):
    answers = []
    threads = [
        threading.Thread(target=lambda text=text: answers.append((put(served, text).status, text)))
        for text in [f"segment_id,labels\na_0,{number}\n" for number in range(8)]
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken = [text for status, text in answers if status == 200]
    assert sorted(status for status, _ in answers) == [200] + [412] * 7 and served.sheet.read_text() == taken[0]


def test_what_is_not_a_save_of_the_page_is_refused(served):
    for origin in ("http://evil.example", "null", f"https://127.0.0.1:{served.port}"):
        assert put(served, Origin=origin).status == 403
    for who in ("eve", "", "../anna", "anna/../../x"):
        assert put(served, who=who).status == 403 and served("GET", f"answers?annotator={who}").status == 403
    assert served("PUT", "0001.wav", b"x", If_Match='"none"').status == 405
    assert served("PUT", "answers?annotator=anna", None, If_Match='"none"', Content_Length="10000001").status == 413
    assert served("PUT", "answers?annotator=anna", None, If_Match='"none"', Content_Length="-1").status == 411
    assert served("POST", "answers?annotator=anna", b"x").status == 501
    assert not list(served.sheet.parent.glob("*.csv"))


def test_ten_megabytes_are_taken(served):
    text = SHEET + "b_0,owl\n" * 1_249_996
    assert len(text) < 10_000_000 and put(served, text).status == 200 and served.sheet.read_text() == text


SAVE = 'PUT /{token}/answers?annotator=anna HTTP/1.1\r\nHost: localhost:{port}\r\nIf-Match: "none"\r\n'


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ("Content-Length: 100\r\n", 400),  # the connection breaks in the middle of a sheet
        ("Content-Length: 3\r\nContent-Length: 4\r\n", 411),
        ("Transfer-Encoding: chunked\r\n", 411),
        ("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", 411),
        ("Content-Length: \u0663\r\n", 411),
        (f"Content-Length: {10**9}\r\n", 413),
        (f"Content-Length: {'9' * 5000}\r\n", 413),
        ("", 411),
    ],
)
def test_a_sheet_whose_length_is_not_known_or_not_there_is_not_taken(served, headers, status):
    assert put(served).status == 200
    served.sheet.unlink()
    assert served.send(f"{SAVE}{headers}\r\nsegment_id,la").startswith(f"HTTP/1.1 {status} ")
    assert not served.sheet.exists()


def test_a_gigabyte_is_not_read(served):
    """Half of it would lie in memory by then."""
    before = psutil.Process().memory_info().rss
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as connection:
        start = SAVE.format(token=served.token, port=served.port) + f"Content-Length: {10**9}\r\n\r\n"
        connection.sendall(start.encode())
        with pytest.raises(OSError):
            for _ in range(500):
                connection.sendall(bytes(10**6))
    assert psutil.Process().memory_info().rss - before < 50_000_000 and not served.sheet.exists()


def test_what_is_sent_with_a_question_is_no_second_question(served):
    ask = "GET /{token}/ HTTP/1.1\r\nHost: localhost:{port}\r\n"
    assert served.send(f"{ask}Content-Length: 200\r\n\r\n{ask}\r\n").count("HTTP/1.1 200") == 1
    assert served.send(f"{ask}\r\n{ask}\r\n").count("HTTP/1.1 200") == 2


def test_connections_that_say_nothing_hold_nobody_up(served, monkeypatch):
    monkeypatch.setattr(served.module, "MOST_CONNECTIONS", 5)
    monkeypatch.setattr(served.module.Handler, "timeout", 0.5)
    silent = [socket.create_connection(("127.0.0.1", served.port), timeout=10) for _ in range(20)]
    for connection in silent:
        connection.sendall(b"GET / HTTP/1.1\r\nHost:")
    assert served("GET", "").status == 200
    assert put(served).status == 200
    for connection in silent:  # each is closed: the oldest at once, the others when their time is over
        with contextlib.suppress(ConnectionResetError):
            assert connection.recv(1) == b""
        connection.close()


def test_a_sheet_that_cannot_be_written_is_told_and_the_last_kept(served, monkeypatch):
    first = put(served).headers["ETag"]

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(served.module, "replacing", full)
    answer = put(served, SHEET + "b_0,owl\n", first)
    assert (answer.status, answer.text.decode()) == (507, f"{served.sheet}: No space left on device")
    assert served.sheet.read_text() == SHEET


def test_answers_come_with_the_version_of_the_same_save(served):
    """A page that has the answers of one save with the version of the next would undo that one."""
    wrong, done = [], threading.Event()

    def read():
        while not done.is_set():
            answer = served("GET", "answers?annotator=anna")
            if answer.headers["ETag"] not in ('"none"', f'"{hashlib.sha256(answer.text).hexdigest()[:16]}"'):
                wrong.append(answer.headers["ETag"])

    reader = threading.Thread(target=read)
    reader.start()
    version = '"none"'
    for number in range(100):
        version = put(served, SHEET * (number + 1), version).headers["ETag"]
    done.set()
    reader.join()
    assert not wrong
