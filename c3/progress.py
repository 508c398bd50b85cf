"""How far a long loop is, in whole lines: jobs side by side write to one screen, and each to a log to read later."""

import sys
import time
from collections.abc import Iterable, Iterator

from tqdm import tqdm

LINE = "{desc}: {percentage:.0f} %, {n_fmt} of {total_fmt}, {elapsed} gone, {remaining} to go{postfix}"
EVERY, AT_MOST = 15, 300  # seconds between lines: the longer a loop runs, the fewer it writes


def progress(
    items: Iterable, desc: str, total: int | None = None, done: int = 0, notes: dict | None = None
) -> Iterator:
    """The items; to stderr a line every 15 s, then at every tenth of the time gone, and always one at the end.

    ``done`` is what an earlier run has done of ``total``. ``notes`` are shown as they are when a line is written.
    """
    total = len(items) if total is None else total
    first, begun = done, time.monotonic()
    said = begun
    for item in items:
        yield item
        done, now = done + 1, time.monotonic()
        if done == total or now - said >= min(max(EVERY, (now - begun) / 10), AT_MOST):
            said = now
            postfix = ", ".join(f"{name} {value}" for name, value in (notes or {}).items())
            line = tqdm.format_meter(
                done, total, now - begun, prefix=desc, initial=first, postfix=postfix, bar_format=LINE
            )
            # One write for a line, so that those of other jobs come before it or after it.
            sys.stderr.write(f"{time.strftime('%H:%M:%S')}  {line}\n")
            sys.stderr.flush()
