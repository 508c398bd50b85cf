"""Serve a page to label or review on, through an ssh tunnel or for several people: each has a sheet of their own.

    python scripts/label_server.py results/mine/sheets/birdnet_classes --annotators anna ben

It listens on this computer alone, and only who has the printed address gets in. Labels are written at once, beside the
folder of the page, into <row>.<annotator>.csv.
"""

import argparse
import contextlib
import hashlib
import os
import re
import secrets
import socket
import sys
import threading
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from c3.cli import replacing

MOST_BYTES = 10_000_000
"""of a sheet"""
MOST_CONNECTIONS = 100
"""at once; one more, and the oldest is closed"""
SILENT_SECONDS = 30
"""for which a connection is waited for in the middle of what it sends"""
PART = 2**16
"""bytes that are sent at once"""
LARGEST = 18
"""digits of a number that is believed"""
NONE = '"none"'
"""version of a sheet that is not there yet"""


class Handler(SimpleHTTPRequestHandler):
    """Files below ``server.folder`` with byte ranges, and the answers of each annotator; all below ``/<token>/``."""

    protocol_version = "HTTP/1.1"
    timeout = SILENT_SECONDS

    def do_GET(self):
        self.close_connection |= "Content-Length" in self.headers or "Transfer-Encoding" in self.headers  # unread
        place = self.place()
        if place == "answers":
            if (path := self.sheet()) is not None:
                with self.server.lock:  # the answers and their version are those of one save
                    text, tag = path.read_bytes() if path.exists() else b"", version(path)
                self.answer(HTTPStatus.OK, text, ETag=tag)
        elif place is not None:
            self.file(place)

    do_HEAD = do_GET

    def do_PUT(self):
        place, origin = self.place(), self.headers.get("Origin")
        if place is None:
            return
        if origin not in (None, f"http://{self.headers['Host']}"):
            return self.answer(HTTPStatus.FORBIDDEN, b"from another page")
        if place != "answers":
            return self.answer(HTTPStatus.METHOD_NOT_ALLOWED, b"allowed is answers")
        if (path := self.sheet()) is None:
            return
        lengths = self.headers.get_all("Content-Length", [])
        if len(lengths) != 1 or "Transfer-Encoding" in self.headers or not lengths[0].isdecimal():
            return self.answer(HTTPStatus.LENGTH_REQUIRED, b"allowed is a sheet of one known length")
        if len(lengths[0]) > LARGEST or int(lengths[0]) > MOST_BYTES:
            return self.answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, b"allowed are 10 MB")
        text = self.rfile.read(int(lengths[0]))
        if len(text) < int(lengths[0]):  # cut on its way: what is there would take the place of the whole
            return self.answer(HTTPStatus.BAD_REQUEST, b"the end of the sheet is missing")
        self.save(path, text)

    def save(self, path, text):
        """Take the answers if the page knew those that are there."""
        with self.server.lock:
            if self.headers.get("If-Match") != version(path):
                return self.answer(HTTPStatus.PRECONDITION_FAILED, b"saved by another page since", ETag=version(path))
            try:
                with replacing(path) as beside:
                    beside.write_bytes(text)
            except OSError as error:
                return self.answer(HTTPStatus.INSUFFICIENT_STORAGE, f"{path}: {os.strerror(error.errno)}".encode())
            self.answer(HTTPStatus.OK, b"", ETag=version(path))

    def place(self):
        """What is asked for, below the token; None, and refused, without it or by another name of this computer."""
        host = re.fullmatch(r"(127\.0\.0\.1|localhost)(:\d+)?", self.headers.get("Host", ""))
        token, _, rest = self.path.partition("?")[0].removeprefix("/").partition("/")
        if host and secrets.compare_digest(token.encode(), self.server.token.encode()):
            return unquote(rest) or "index.html"
        self.answer(HTTPStatus.FORBIDDEN, b"open the address that the server has printed")

    def sheet(self):
        """The file of the annotator; None, and refused, for one that the server was not told of."""
        name = parse_qs(urlsplit(self.path).query).get("annotator", [""])[0]
        if name in self.server.annotators:
            return self.server.folder.with_name(f"{self.server.folder.name}.{name}.csv")
        self.answer(HTTPStatus.FORBIDDEN, b"an annotator whom the server was not started with")

    def file(self, place):
        """A file, or the range of it that is asked for: browsers seek in sounds by that."""
        try:
            path = (self.server.folder / place).resolve()
            is_there = path.is_relative_to(self.server.folder) and path.is_file()
        except (OSError, ValueError, RuntimeError):  # a name that is none, or too long; a link to itself
            is_there = False
        if not is_there:
            return self.answer(HTTPStatus.NOT_FOUND, b"no such file")
        size, kind = path.stat().st_size, self.guess_type(path)
        number = rf"([0-9]{{0,{LARGEST}}})"
        asked = re.fullmatch(f"bytes={number}-{number}", self.headers.get("Range", ""))
        if not asked or not any(asked.groups()):
            return self.answer(HTTPStatus.OK, path.read_bytes(), **{"Content-Type": kind, "Accept-Ranges": "bytes"})
        if asked[1]:
            first, last = int(asked[1]), min(int(asked[2] or size), size - 1)
        else:  # so many at the end
            first, last = max(size - int(asked[2]), 0), size - 1
        if first > last:
            return self.answer(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, b"", **{"Content-Range": f"bytes */{size}"})
        with path.open("rb") as file:
            file.seek(first)
            part = file.read(last - first + 1)
        where = {"Content-Range": f"bytes {first}-{last}/{size}", "Content-Type": kind, "Accept-Ranges": "bytes"}
        self.answer(HTTPStatus.PARTIAL_CONTENT, part, **where)

    def answer(self, status, text, **headers):
        self.send_response(status)
        headers = {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store", **headers}
        for name, value in {**headers, "Content-Length": len(text), "Referrer-Policy": "no-referrer"}.items():
            self.send_header(name, str(value))
        if status >= 400:  # what was sent along is not read
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        for first in range(0, len(text) if self.command != "HEAD" else 0, PART):
            self.wfile.write(text[first : first + PART])  # each within the time; the whole may take longer

    def log_message(self, *_):
        """Nothing: what is listened to is nobody's business."""


class Server(ThreadingHTTPServer):
    """A thread for each connection, of which nobody can hold so many that none is left."""

    def __init__(self, folder, annotators, port):
        super().__init__(("127.0.0.1", port), Handler)
        self.folder, self.annotators = Path(folder).resolve(), annotators
        self.token, self.lock = secrets.token_urlsafe(16), threading.Lock()
        self.open = {}  # in the order in which they came

    def process_request(self, request, client_address):
        self.open[request] = None
        if len(self.open) > MOST_CONNECTIONS:
            oldest, *_ = tuple(self.open)  # at once, as other threads take from it
            self.open.pop(oldest, None)
            with contextlib.suppress(OSError):  # it has gone by itself
                oldest.shutdown(socket.SHUT_RDWR)
        super().process_request(request, client_address)

    def shutdown_request(self, request):
        self.open.pop(request, None)
        super().shutdown_request(request)

    def handle_error(self, request, client_address):
        """Of a connection that breaks off nothing is said; the answers that were there are kept."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


def version(path):
    """Of the answers in a file, as an ETag."""
    return f'"{hashlib.sha256(path.read_bytes()).hexdigest()[:16]}"' if path.exists() else NONE


def server(folder, annotators, port=0):
    """The server, not running yet; port 0 is any that is free."""
    return Server(folder, annotators, port)


def address(made, annotator):
    return f"http://127.0.0.1:{made.server_port}/{made.token}/?annotator={annotator}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", help="of the page, with its index.html")
    parser.add_argument("--annotators", nargs="+", default=["me"], help="letters, digits, - and _")
    parser.add_argument("--port", type=int, default=8000, help="where it listens; a tunnel leads there")
    args = parser.parse_args()
    if not Path(args.folder, "index.html").is_file():
        sys.exit(f"c3: {args.folder} has no index.html; allowed is the folder of a page that a run has made.")
    for name in args.annotators:
        if not re.fullmatch(r"[\w-]{1,40}", name):
            sys.exit(f"c3: the annotator {name!r} cannot be part of a file name; allowed are letters, digits, - and _.")
    try:
        made = server(args.folder, args.annotators, args.port)
    except OSError as error:
        sys.exit(f"c3: port {args.port} cannot be used ({os.strerror(error.errno)}); allowed is a free one, --port 0.")
    for name in args.annotators:
        print(f"{name}: {address(made, name)}", flush=True)
    try:
        made.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
