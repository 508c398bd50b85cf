"""A browser, and pages of a made-up experiment, written by the scripts as a workflow would."""

import json
import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from toy import metrics, script, write_recordings

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="module")  # not longer: while it is open, an event loop runs that other tests may stumble over
def chromium():
    """A headless browser; skipped where there is none, unless in CI."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        sentence = f"no browser: none of {', '.join(PROGRAMS)} is installed; tests/pages/install_browser installs one"
        required = os.environ.get("CI") == "true" or os.environ.get("C3_BROWSER") == "required"
        (pytest.fail if required else pytest.skip)(sentence)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium):
    """Opens a page from its file; after the test, there must have been no error and no request to a network."""
    wrong, contexts = [], []

    def failed(request):
        if request.failure != "net::ERR_ABORTED":  # by who went on before a picture was there
            wrong.append(f"failed: {request.url}")

    def open_page(path, width=1280, height=900, **options):
        context = chromium.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: wrong.append(f"console {message.type}: {message.text}"))
        page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
        page.on("requestfailed", failed)
        page.on("request", lambda request: request.url.startswith(("file:", "data:")) or wrong.append(request.url))
        page.goto(Path(path).resolve().as_uri())
        page.evaluate("for (const image of document.images) image.loading = 'eager'")
        page.wait_for_load_state("networkidle")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not wrong


@pytest.fixture(scope="session")
def pages(tmp_path_factory):
    """Written once: ``full``, of a study in a folder of its own, with all there can be; ``bare``, of numbers alone.

    The recording r3 is missing.
    """
    folder = tmp_path_factory.mktemp("toy")
    write_recordings(folder)
    (folder / "media" / "3.wav").unlink()
    known = ("--manifest", folder / "manifest.parquet", "--classes", folder / "classes.csv")
    portraits = folder / "portraits.npz"
    script(
        "portraits",
        *("--model", "stage3", "--index", folder / "features" / "index.parquet", *known),
        *("--clusters", folder / "clusters.parquet", "--out", portraits),
    )
    study = folder / "paper"
    listed = study / "report" / "clusters.json"
    files = ("--files", folder / "files.csv")
    script("exemplars", "--portraits", portraits, *known, *files, "--seed", 7, "--out", listed)
    names = ["query_by_example", "shallow_classifier", "label_efficiency", "embedding_map", "cluster_portrait"]
    figures = [study / "figures" / f"{name}.{suffix}" for name in names for suffix in ("png", "pdf")]
    maps = ("--maps", folder / "maps.parquet")
    numbers = ("--metrics", study / "metrics.csv")
    shutil.copy(folder / "metrics.csv", study / "metrics.csv")
    script("figures", *numbers, "--portraits", portraits, *maps, "--out", *figures)
    common = ("--config", json.dumps({"experiment": "toy", "data": {"seed": 77}}), "--seeds", 7, 8)
    html = study / "report" / "index.html"
    written = ("--markdown", study / "report.md", "--html", html)
    script("results_page", *numbers, "--figures", *figures, *common, "--clusters", listed, *maps, *written)
    some = metrics().query("evaluation == 'query_by_example' and metric == 'mAP'")
    (folder / "bare").mkdir()
    some.to_csv(folder / "bare" / "metrics.csv", index=False)
    bare = folder / "bare" / "report" / "index.html"
    written = ("--markdown", folder / "bare" / "report.md", "--html", bare)
    script("results_page", "--metrics", folder / "bare" / "metrics.csv", *common, *written)
    return SimpleNamespace(full=html, bare=bare, folder=folder, clusters=json.loads(listed.read_text()))
