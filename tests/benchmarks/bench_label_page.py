"""The page of a sheet in a headless browser: how long it takes to open, until the first segment can be heard and seen.

The bound is a page with nothing on it. Needs playwright and chromium, as tests/pages do.
"""

import shutil
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from types import SimpleNamespace

import common
import numpy as np
import soundfile

from c3.report import clips, label_page

TARGET = 2.0  # seconds, of 200 segments
SECONDS, RATE = 10, 48_000
READY = "document.querySelector('#main img').complete && document.querySelectorAll('#all button').length"


def make(folder: Path, count: int) -> Path:
    """A page of ``count`` segments of noise, each with three neighbours."""
    folder.mkdir()
    rng, shown = np.random.default_rng(0), []
    soundfile.write(folder / "noise.wav", 0.1 * rng.normal(size=30 * RATE), RATE)
    place = {
        "audio_path": str(folder / "noise.wav"),
        "video_path": None,
        "media_start": 10.0,
        "start": 10.0,
        "end": 20.0,
    }
    written = clips.write(SimpleNamespace(segment_id="noise.wav_10", **place), {}, folder, "0000")
    for number in range(count):
        row = {"sound": f"{number:04d}.wav", "segment_id": f"noise.wav_{number}", "file": "noise.wav", "start": 10.0}
        clip = written | {"sound": f"{number:04d}.clip.wav", "spectrogram": f"{number:04d}.clip.png"}
        for kind in ("sound", "spectrogram"):
            shutil.copy(folder / written[kind], folder / clip[kind])
        shown.append(row | {"end": 20.0, "clip": clip, "near": [clip] * 3})
    classes = [(f"class {number}", 100 - number) for number in range(100)]
    (folder / "index.html").write_text(label_page.label("bench", "row", classes, shown))
    return folder / "index.html"


def main() -> None:
    sizes = (50, 200, 800, 3200) if common.arguments(__doc__).full else (50, 200, 800)
    from playwright.sync_api import sync_playwright

    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        sys.exit("c3: there is no chromium; tests/pages/install_browser installs one")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        pages = {size: make(Path(folder, str(size)), size).as_uri() for size in sizes}
        tab = browser.new_page()

        def opened(address, ready=READY):
            begin = time.perf_counter()
            tab.goto(address)
            tab.wait_for_function(ready)
            return time.perf_counter() - begin

        runs = {str(size): lambda address=address: opened(address) for size, address in pages.items()}
        seconds = common.alternately({**runs, "bound": lambda: opened("data:text/html,<p>nothing", "true")})
        browser.close()
    times = [median(seconds[str(size)]) for size in sizes]
    common.report(
        "label_page",
        common.ratio(seconds["200"], seconds["bound"]),
        "bound: a page with nothing on it",
        ours_seconds=median(seconds["200"]),
        bound_seconds=median(seconds["bound"]),
        target_seconds=TARGET,
        growth=[common.growth("opening the page to label on", "segments", list(sizes), times)],
    )


if __name__ == "__main__":
    main()
