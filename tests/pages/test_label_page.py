"""The pages to label and to review on, in a real browser, by keys as a person uses them."""

import csv
import importlib.util
import io
import shutil
import threading
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import soundfile
from scipy.stats import binomtest
from toy import ROOT, WINDOW, WINDOWS, script, write_recordings

from c3.labels import sheets
from c3.report import clips, label_page

ORDER = [4, 0, 7, 2, 5]  # the segments that are asked about; 8 and 6 were answered before
WREN = 'wren, "small"'


@pytest.fixture(scope="module")
def label(tmp_path_factory):
    """A sheet of five segments and its page."""
    folder = tmp_path_factory.mktemp("label")
    write_recordings(folder)
    asked = {"order": range(1, 6), "segment_id": [f"s{number}" for number in ORDER], "labels": ""}
    pd.DataFrame(asked).to_csv(folder / "asked.csv", index=False)
    answered = pd.DataFrame({"segment_id": ["s8", "s6"], "labels": ["owl | rain", "owl"]})
    answered.to_csv(folder / "filled.csv", index=False)
    np.save(folder / "vectors.npy", np.random.default_rng(0).normal(size=(9 * WINDOWS, 4)).astype(np.float32))
    script(
        "sheet",
        *("--asked", folder / "asked.csv", "--manifest", folder / "manifest.parquet", "--files", folder / "files.csv"),
        *("--index", folder / "features" / "index.parquet", "--embeddings", folder / "vectors.npy"),
        *("--sheets", folder / "filled.csv", "--experiment", "toy", "--out", folder / "sheets" / "row.csv"),
    )
    return SimpleNamespace(page=folder / "sheets" / "row" / "index.html", sheet=folder / "sheets" / "row.csv")


@pytest.fixture
def at_label(opened, label):
    """Opens the page of the sheet, as a browser that saves by downloads."""
    return lambda **options: without_picker(opened(label.page, **options))


def without_picker(page):
    page.evaluate("window.showSaveFilePicker = undefined")
    return page


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def given(page):
    return [text.removesuffix(" ✕") for text in page.locator("#given button").all_inner_texts()]


def saved(page, press="Control+s"):
    with page.expect_download() as download:
        page.keyboard.press(press)
    return Path(download.value.path()).read_text(), download.value.suggested_filename


def reload(page):
    page.once("dialog", lambda dialog: dialog.accept())  # the warning, which has a test of its own
    page.reload()
    page.wait_for_load_state("networkidle")


def test_keys_give_labels_and_take_them_away(at_label):
    page = at_label()
    assert page.locator("#left").inner_text() == "5 of 5 left"
    keys = page.locator("#classes button").all_inner_texts()
    assert keys == ["1 owl 2", "2 rain 1", "0 nothing of interest", "? unsure"]
    press(page, "2", "1")
    assert given(page) == ["rain", "owl"]
    press(page, "2")
    assert given(page) == ["owl"] and page.locator("#left").inner_text() == "4 of 5 left"
    press(page, "ArrowRight", "0")
    assert page.locator("#all button").evaluate_all("all => all.map(one => one.className)") == ["done"] * 2 + [""] * 3
    assert given(page) == ["nothing of interest"]
    press(page, "1")  # something is heard after all
    assert given(page) == ["owl"]
    press(page, "?")
    assert given(page) == ["unsure"]
    press(page, "ArrowLeft")
    assert given(page) == ["owl"]
    press(page, "Enter")
    assert page.locator("#place").inner_text().startswith("3. s7")
    press(page, "Control+z", "Control+z")  # undo leads back to where it was done
    assert page.locator("#place").inner_text().startswith("2. s0") and given(page) == ["nothing of interest"]
    press(page, "Control+z", "Control+z", "Control+z")
    assert page.locator("#place").inner_text().startswith("1. s4") and given(page) == ["rain"]
    page.locator("#undo").click()
    assert page.locator("#left").inner_text() == "5 of 5 left"
    page.locator("#undo").click()
    assert page.locator("#told").inner_text() == "There is nothing to undo."


def test_letters_search_and_a_new_name_becomes_a_class(at_label):
    page = at_label()
    page.keyboard.type("wr")
    assert page.evaluate("document.activeElement.id") == "search" and page.locator("#search").input_value() == "wr"
    assert page.locator("#found li").all_inner_texts() == ["“wr”: a new class"]
    page.keyboard.type('en,  "small" ')
    press(page, "Enter")
    assert given(page) == [WREN] and page.evaluate("document.activeElement.id") != "search"
    page.keyboard.type("ra")
    assert page.locator("#found li").all_inner_texts() == ["rain", "“ra”: a new class"]
    press(page, "Enter")
    assert given(page) == [WREN, "rain"]
    page.keyboard.type("l")
    assert page.locator("#found li").all_inner_texts() == ["“l”: a new class", "owl", WREN]
    press(page, "ArrowDown", "ArrowUp", "ArrowUp", "ArrowUp", "Enter")
    assert given(page) == [WREN, "rain", "owl"]
    press(page, "ArrowRight", "3")  # the new class has got a key
    assert given(page) == [WREN]
    page.keyboard.type("OWL")  # in other letters it is no other class
    press(page, "Enter")
    assert given(page) == [WREN, "owl"]
    page.keyboard.type("x1? 0")  # in the box, keys are text
    assert page.locator("#search").input_value() == "x1? 0" and given(page) == [WREN, "owl"]
    press(page, "Escape", "ArrowRight")
    assert given(page) == [] and page.locator("#found").is_hidden()
    page.keyboard.type("a|b")  # the sign that separates labels
    press(page, "Enter")
    assert given(page) == ["a b"]


def test_a_key_stays_with_its_class(at_label):
    """Ten classes: the ninth key goes over to one that is used more, and no other changes."""
    page = at_label()
    for number in range(8):
        page.keyboard.type(f"class {number}")
        press(page, "Enter")
    keys = page.locator("#classes button kbd").all_inner_texts()
    names = [text.split(" ", 1)[1].rsplit(" ", 1)[0] for text in page.locator("#classes button").all_inner_texts()[:9]]
    assert keys == [*map(str, range(1, 10)), "0", "?"]
    assert names == ["owl", "rain", *(f"class {number}" for number in range(7))]
    press(page, "ArrowRight")
    page.keyboard.type("class 7")
    press(page, "Enter")
    after = [text.split(" ", 1)[1].rsplit(" ", 1)[0] for text in page.locator("#classes button").all_inner_texts()[:9]]
    assert "class 7" in after and len([1 for old, new in zip(names, after, strict=True) if old != new]) == 1


def test_space_plays_and_the_cursor_moves(at_label):
    page = at_label()
    press(page, "Space")
    page.wait_for_function("audio.currentTime > 0.3")
    seconds = 0.5 + WINDOWS * WINDOW + 0.05  # all of the recording
    assert page.evaluate("[audio.paused, audio.duration]") == [False, pytest.approx(seconds, abs=0.02)]
    assert float(page.locator("#main .head").evaluate("head => parseFloat(head.style.left)")) > 5
    assert page.locator("#main").get_attribute("aria-pressed") == "true"
    press(page, "Space")
    assert page.evaluate("audio.paused")
    box = page.locator("#main").bounding_box()
    page.mouse.click(box["x"] + 0.75 * box["width"], box["y"] + 20)  # hear from there
    page.wait_for_function("!audio.paused && audio.currentTime > 0.75 * audio.duration")
    press(page, "Shift+1")
    page.wait_for_function("audio.src.endsWith('0001.near1.wav') && audio.currentTime > 0.1")
    assert page.locator("#main").get_attribute("aria-pressed") == "false"
    press(page, "ArrowRight")
    assert page.evaluate("audio.paused")
    press(page, "Space")
    page.wait_for_function("audio.src.endsWith('0002.clip.wav') && !audio.paused")


def test_pictures_sounds_and_axes_of_all_segments_are_there(at_label, label):
    page = at_label()
    for _ in range(5):
        pictures = "[...document.querySelectorAll('#segment img:not([hidden])')]"
        page.wait_for_function(f"{pictures}.every((image) => image.naturalWidth)")
        assert page.locator("#near .play").count() == 3
        assert page.locator(".times span").first.inner_text() == "0:00"
        assert page.locator(".pitches span").all_inner_texts() == ["kHz 0", "2", "4", "6", "8"]
        files = page.evaluate("[...document.querySelectorAll('.play')].map((button) => button.clip.sound)")
        assert all((label.page.parent / file).is_file() for file in files)
        press(page, "ArrowRight")
    assert page.locator("#place").inner_text().startswith("5. s5")


def test_what_was_labelled_is_there_after_a_reload(at_label):
    page = at_label()
    press(page, "1", "2", "ArrowRight", "?")
    reload(page)
    assert page.locator("#left").inner_text() == "3 of 5 left"
    assert page.locator("#place").inner_text().startswith("3. s7")  # where one left off
    press(page, "ArrowLeft")
    assert given(page) == ["unsure"]
    press(page, "ArrowLeft")
    assert given(page) == ["owl", "rain"]


def test_leaving_warns_of_what_is_not_saved(at_label):
    page, asked = at_label(), []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.reload()
    assert asked == []
    press(page, "1")
    page.reload()
    assert asked == ["beforeunload"]
    without_picker(page)
    saved(page)
    page.reload()
    assert asked == ["beforeunload"]


def test_saved_sheets_are_read_by_the_workflow_and_loaded_again(at_label, label, tmp_path):
    page = at_label()
    page.keyboard.type(WREN)
    press(page, "Enter", "1", "ArrowRight", "?", "ArrowRight", "0")
    text, name = saved(page)
    assert name.startswith("row-") and name.endswith(".csv") and "Saved as row-" in page.locator("#told").inner_text()
    rows, asked = list(csv.reader(io.StringIO(text))), list(csv.reader(label.sheet.open()))
    assert rows[0] == sheets.SHEET_COLUMNS == asked[0] and len(rows) == 6
    assert [row[:3] for row in rows] == [row[:3] for row in asked]
    assert [list(map(float, row[3:5])) for row in rows[1:]] == [list(map(float, row[3:5])) for row in asked[1:]]
    assert [row[5] for row in rows[1:]] == [f"{WREN} | owl", "unsure", "nothing of interest", "", ""]
    (tmp_path / "a.csv").write_text(text)
    pd.DataFrame(rows[1:], columns=rows[0]).to_csv(
        tmp_path / "b.csv", sep=";", index=False, encoding="utf-8-sig", lineterminator="\r\n"
    )
    for file in ("a.csv", "b.csv"):  # as it was saved, and as a spreadsheet would
        other = at_label()
        other.locator("#load").set_input_files(tmp_path / file)
        other.wait_for_function("document.querySelector('#told').textContent.startsWith('3 labelled rows')")
        assert given(other) == [WREN, "owl"] and other.locator("#left").inner_text() == "2 of 5 left"
        assert saved(other)[0] == text
        press(other, "Control+z")
        assert other.locator("#left").inner_text() == "5 of 5 left"


def test_labels_of_another_sheet_are_kept(at_label, tmp_path):
    page = at_label()
    (tmp_path / "old.csv").write_text('segment_id,labels,file\ns4,owl,x\nelsewhere_5,"a ""b"" | c","d, e"\n')
    page.locator("#load").set_input_files(tmp_path / "old.csv")
    page.wait_for_function("document.querySelector('#told').textContent.startsWith('2 labelled rows')")
    rows = list(csv.DictReader(io.StringIO(saved(page)[0])))
    assert len(rows) == 6 and rows[-1]["segment_id"] == "elsewhere_5"
    assert (rows[-1]["labels"], rows[-1]["file"], rows[0]["labels"]) == ('a "b" | c', "d, e", "owl")
    (tmp_path / "no.csv").write_text("a,b\n1,2\n")
    page.locator("#load").set_input_files(tmp_path / "no.csv")
    page.wait_for_function("document.querySelector('#told').textContent.includes('is no sheet')")


def test_a_browser_that_writes_files_writes_the_same_file_again(opened, label):
    page = opened(label.page)
    page.evaluate("""window.written = []; window.asked = 0;
        window.showSaveFilePicker = async () => (asked += 1, { name: "x.csv", createWritable: async () => ({
          write: async (text) => written.push(text), close: async () => {} }) }); 0""")
    press(page, "1", "Control+s")
    page.wait_for_function("written.length === 1")
    press(page, "2", "Control+s")
    page.wait_for_function("written.length === 2")
    assert page.evaluate("asked") == 1 and "owl | rain" in page.evaluate("written[1]")
    page.evaluate("window.showSaveFilePicker = async () => { throw new DOMException('', 'AbortError') }; file = null")
    press(page, "0", "Control+s")
    page.wait_for_function("document.querySelector('#told').textContent === 'Not saved.'")
    assert page.evaluate("unsaved")


def test_a_browser_that_keeps_nothing_says_so(chromium, label):
    """Nor do its errors keep anyone from labelling."""
    context = chromium.new_context()
    page, wrong = context.new_page(), []
    page.on("pageerror", lambda error: wrong.append(error))
    page.add_init_script("Object.defineProperty(window, 'localStorage', { get() { throw new Error('not allowed') } })")
    page.goto(label.page.as_uri())
    press(page, "1")
    assert "save often" in page.locator("#told").inner_text() and given(page) == ["owl"] and not wrong
    context.close()


def test_an_earlier_sheet_of_the_row_is_offered(at_label):
    page = at_label()
    older = {"csv": "segment_id,labels\nq,owl\n", "unsaved": True}
    page.evaluate("older => localStorage.setItem(SHEETS + '0ld0', JSON.stringify(older))", older)
    page.reload()
    with page.expect_download() as download:
        page.locator("text=Save the labels of an earlier sheet").click()
    assert Path(download.value.path()).read_text() == "segment_id,labels\nq,owl\n"
    page.reload()
    assert page.locator("text=Save the labels of an earlier sheet").count() == 0


def test_two_tabs_do_not_undo_each_other(at_label, label):
    page = at_label()
    other = page.context.new_page()
    other.goto(label.page.as_uri())
    press(page, "1")
    other.wait_for_function("document.querySelectorAll('#given button').length === 1")
    press(other, "ArrowRight", "2")
    page.wait_for_function("document.querySelector('#left').textContent === '3 of 5 left'")
    assert given(page) == ["owl"]


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("kind", ["label", "review"])
def test_nothing_is_too_wide_or_without_a_name(opened, label, review, kind, width):
    page = opened({"label": label.page, "review": review.page}[kind], width=width)
    page.keyboard.type("a class with a name that is so long that it is wider than any telephone, and then some")
    press(page, "Enter")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    for role in ("button", "textbox", "combobox"):
        assert not [element for element in page.get_by_role(role).all() if not element.evaluate(
            "e => e.ariaLabel || e.labels?.[0]?.textContent.trim() || e.textContent.trim()"
        )]  # fmt: skip
    press(page, "Tab")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert page.evaluate("document.activeElement !== document.body") and outline == "solid"


def test_nothing_to_label(opened, tmp_path):
    (tmp_path / "index.html").write_text(label_page.label("toy", "row", [], []))
    page = opened(tmp_path / "index.html")
    press(page, "Space", "1", "Enter", "ArrowRight", "x")
    assert "There is nothing to label." in page.locator("main").inner_text()


def test_films_and_what_is_too_high_for_ears(opened, tmp_path):
    """A picture beside the spectrogram, and ten times slower by a key."""
    folder = tmp_path / "row"
    folder.mkdir()
    rate, rng = 96_000, np.random.default_rng(0)
    soundfile.write(tmp_path / "a.wav", 0.1 * rng.normal(size=3 * rate), rate)
    place = {"audio_path": str(tmp_path / "a.wav"), "video_path": None, "media_start": 0.0, "start": 0.0, "end": 3.0}
    clip = clips.write(SimpleNamespace(segment_id="a_0", **place), {}, folder, "1")
    shutil.copy(folder / "1.png", folder / "1.jpg")
    segment = {"sound": "1.wav", "segment_id": "a_0", "file": "a.wav", "start": 0.0, "end": 3.0, "near": []}
    html = label_page.label("toy", "row", [], [{**segment, "clip": {**clip, "frame": "1.jpg"}}])
    (folder / "index.html").write_text(html)
    page = opened(folder / "index.html", width=360)
    assert page.locator(".seen .frame").is_visible() and page.locator("#near").is_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    press(page, "Space")
    page.wait_for_function("audio.duration === 3")
    press(page, ".", "Space")
    page.wait_for_function("audio.duration === 30 && audio.currentTime > 0.1")
    assert page.locator("#slowed").get_attribute("aria-pressed") == "true"


# Review.


@pytest.fixture(scope="module")
def review(tmp_path_factory):
    """Recognised: classes Ape and Bee of nine segments, of which s7 and s8 were labelled before."""
    folder = tmp_path_factory.mktemp("review")
    write_recordings(folder)
    for seed, shift in ((0, 0.02), (1, -0.02)):
        ape = np.array([0.95, 0.92, 0.85, 0.75, 0.65, 0.6, 0.2, 0.99, 0.99]) + shift / 10
        predictions = {"segment_id": [f"s{n}" for n in range(9)], "Ape": ape, "Bee <b>": np.full(9, 0.3)}
        pd.DataFrame(predictions).to_parquet(folder / f"{seed}.parquet")
    pd.DataFrame({"segment_id": ["s7", "s8"], "labels": "Ape"}).to_csv(folder / "filled.csv", index=False)
    html = folder / "recognised" / "row" / "index.html"
    script(
        "review",
        *("--predictions", folder / "0.parquet", folder / "1.parquet", "--manifest", folder / "manifest.parquet"),
        *("--files", folder / "files.csv", "--sheets", folder / "filled.csv", "--experiment", "toy"),
        *("--row", "row", "--out", html),
    )
    return SimpleNamespace(page=html)


def precision(page):
    return page.locator("#precision tbody tr").first.locator("td").all_inner_texts()


def wilson(right, n):
    low, high = binomtest(right, n).proportion_ci(method="wilson")
    return f"{right / n:.2f} ({low:.2f}–{high:.2f}), {right} of {n}"


def test_confirmed_and_rejected_give_the_precision(opened, review):
    page = without_picker(opened(review.page))
    asked = page.evaluate("DATA.items.map((item) => [DATA.segments[item.segment].segment_id, item.class])")
    assert {segment for segment, _ in asked} == {f"s{n}" for n in range(7)}  # neither s7 nor s8
    assert len(asked) == 14
    assert page.locator("#question").inner_text().split("\n")[0] == "Is Ape heard? Probability 0.95; surest, random."
    assert precision(page) == ["–", "–", "–"]
    press(page, "Enter", "Backspace", "Enter", "Enter", "Delete")  # of 0.95, 0.92, 0.85, 0.75, 0.65
    assert page.locator("#left").inner_text() == "9 of 14 left"
    assert precision(page) == [wilson(3, 5), wilson(3, 4), wilson(1, 2)]
    assert wilson(3, 5) == "0.60 (0.23–0.88), 3 of 5"  # by hand: middle 0.557, half-width 0.326
    press(page, "Control+z")
    assert precision(page) == [wilson(3, 4), wilson(3, 4), wilson(1, 2)]
    text, name = saved(page)
    rows = list(csv.DictReader(io.StringIO(text)))
    assert name.startswith("row.reviewed-") and list(rows[0]) == sheets.SHEET_COLUMNS
    assert {row["segment_id"]: row["labels"] for row in rows} == {"s0": "Ape", "s2": "Ape", "s3": "Ape"}
    reload(page)
    assert precision(page) == [wilson(3, 4), wilson(3, 4), wilson(1, 2)]


def test_relabelled_segments_are_written_with_what_is_heard(opened, review, tmp_path):
    page = without_picker(opened(review.page))
    page.keyboard.type("dog")
    press(page, "Enter")  # s0: a dog, and so no ape
    assert page.locator("#verdict").inner_text() == "You said no." and given(page) == ["dog"]
    press(page, "ArrowRight", "Backspace", "ArrowLeft", "0", "ArrowRight")  # s1: nothing of interest
    press(page, "2", "Enter")  # s2: Bee, and an ape too
    press(page, "?", "ArrowRight")  # s3
    assert precision(page) == [wilson(1, 3), wilson(1, 3), wilson(0, 2)]
    rows = list(csv.DictReader(io.StringIO(saved(page)[0])))
    assert {row["segment_id"]: row["labels"] for row in rows} == {
        "s0": "dog", "s1": "nothing of interest", "s2": "Bee <b> | Ape", "s3": "unsure",
    }  # fmt: skip
    (tmp_path / "saved.csv").write_text(saved(page)[0])
    other = opened(review.page)
    other.locator("#load").set_input_files(tmp_path / "saved.csv")
    other.wait_for_function("document.querySelector('#told').textContent.startsWith('4 labelled rows')")
    assert precision(other) == ["–", "–", "–"]  # a sheet has no rejections, so what is loaded is no fair sample


def test_the_timeline_shows_where_a_class_is_heard(opened, review):
    page = opened(review.page)
    strips = page.locator(".strip")
    assert strips.count() == 8 and set(strips.all_inner_texts()) == {"Ape"}  # Bee is nowhere above 0.5
    assert "s7" in page.locator(".recording").nth(6).inner_text()  # also where a person has labelled
    # a segment from 0.5 s to the end of a recording of 4.39 s
    first = 0.5 / (0.5 + WINDOWS * WINDOW + 0.05)
    path = strips.first.locator("path").get_attribute("d")
    assert path.startswith(f"M{int(400 * first)} 0h")


# The server.


@pytest.fixture
def served(label):
    spec = importlib.util.spec_from_file_location("label_server", ROOT / "scripts" / "label_server.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made = module.server(label.page.parent, ["anna", "ben"])
    threading.Thread(target=made.serve_forever, daemon=True).start()
    sheet = lambda name: label.sheet.with_name(f"row.{name}.csv")  # noqa: E731
    yield SimpleNamespace(address=lambda name: module.address(made, name), sheet=sheet)
    made.shutdown()
    made.server_close()
    for file in label.sheet.parent.glob("row.*.csv"):
        file.unlink()


def visited(chromium, address):
    page = chromium.new_context(accept_downloads=True).new_page()
    page.goto(address)
    page.wait_for_function("version !== null")
    return without_picker(page)


def wait_for(page, text):
    page.wait_for_function("text => document.querySelector('#told').textContent.includes(text)", arg=text)


def test_served_pages_save_by_themselves(chromium, served):
    page = visited(chromium, served.address("anna"))
    press(page, "1", "ArrowRight", "2")
    wait_for(page, "Saved on the server for anna")
    page.wait_for_function("!unsaved")
    assert sheets.read_sheet(served.sheet("anna")).labels == {"s4": ("owl",), "s0": ("rain",)}
    assert not served.sheet("ben").exists()
    press(page, "Space")
    page.wait_for_function("audio.currentTime > 0.1")
    again = visited(chromium, served.address("anna"))  # on another computer
    again.wait_for_function("document.querySelector('#left').textContent === '3 of 5 left'")
    other = visited(chromium, served.address("ben"))
    assert other.locator("#left").inner_text() == "5 of 5 left"
    for one in (page, again, other):
        one.context.close()


def test_of_two_computers_neither_loses_labels(chromium, served):
    first, second = (visited(chromium, served.address("anna")) for _ in range(2))
    press(first, "1")
    wait_for(first, "Saved on the server")
    press(second, "ArrowRight", "2")
    wait_for(second, "another tab has saved since")
    assert sheets.read_sheet(served.sheet("anna")).labels == {"s4": ("owl",)}
    second.once("dialog", lambda dialog: dialog.accept())
    second.reload()
    wait_for(second, "Saved on the server")
    assert sheets.read_sheet(served.sheet("anna")).labels == {"s4": ("owl",), "s0": ("rain",)}
    for one in (first, second):
        one.context.close()
