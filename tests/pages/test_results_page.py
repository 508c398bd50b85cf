"""The page of results in a real browser: it opens from its file, shows what was measured, and sounds."""

import numpy as np
import pandas as pd
import soundfile
from toy import MEDIA_START, NAMES, RATE, WINDOW, tone


def test_every_picture_and_every_link_is_there(opened, pages):
    page = opened(pages.full)
    pictures = page.evaluate("[...document.images].map(image => [image.src, image.naturalWidth, image.alt])")
    assert len(pictures) == 16  # three figures, nine spectrograms, four frames
    assert [source for source, width, alt in pictures if not width or not alt] == []
    links = page.evaluate("[...document.querySelectorAll('a')].map(link => link.getAttribute('href'))")
    names = set(page.evaluate("[...document.querySelectorAll('[id]')].map(element => element.id)"))
    missing = [
        link
        for link in links
        if not (link[1:] in names if link.startswith("#") else (pages.full.parent / link).is_file())
    ]
    assert len(links) > 20 and missing == []
    sources = page.evaluate("[...document.querySelectorAll('audio')].map(sound => sound.getAttribute('src'))")
    assert sources and all((pages.full.parent / source).is_file() for source in sources)


def test_sections_and_numbers(opened, pages):
    page = opened(pages.full)
    assert page.locator("h2").all_inner_texts() == [
        "Stage 3 (+ clustering)", "Goals", "The embedding", "A map of the embedding", "What a label buys",
        "The clusters", "Configuration",
    ]  # fmt: skip
    headlines = page.locator(".headlines > div").all_inner_texts()
    assert [text.split("\n")[:2] for text in headlines] == [
        ["Query by example, mAP", "0.460 (0.450–0.470)"],
        ["Query by example, gap recovered", "62 % (60–65)"],
        ["Shallow classifier, mAP", "0.460 (0.450–0.470)"],
        ["Label reduction, median", "2.2×"],
    ]
    assert "chance 0.111" in headlines[0] and "features 0.210" in headlines[0]
    rows = page.locator("#embedding tr").all()
    assert len(rows) == 5  # a header, three embeddings, chance
    assert rows[2].locator("th, td").all_inner_texts()[:2] == [
        "Topline: fully supervised triplets", "0.610 (0.600–0.620)",
    ]  # fmt: skip
    text = page.locator("body").inner_text()
    assert "Training seeds: 7, 8" in text and "evaluation seeds: 0, 1" in text
    assert not page.locator("pre").is_visible()
    page.locator("summary").click()
    assert "seed: 77" in page.locator("pre").inner_text()


def test_a_click_plays_the_clip_and_silences_the_one_before(opened, pages):
    page = opened(pages.full)
    state = "n => { const a = document.querySelectorAll('audio')[n]; return [a.readyState, a.paused, a.duration]; }"
    moving = "n => document.querySelectorAll('audio')[n].currentTime > 0.2"
    buttons = page.locator(".play:enabled")
    sounding = [one for cluster in pages.clusters["clusters"] for one in cluster["exemplars"] if one["sound"]]
    for number in (0, 1):
        buttons.nth(number).click()
        page.wait_for_function(moving, arg=number)
        ready, paused, seconds = page.evaluate(state, number)
        assert ready >= 2 and not paused
        windows = sounding[number]["before"] + 1 + sounding[number]["after"]
        np.testing.assert_allclose(seconds, windows * WINDOW, atol=0.01)
        assert buttons.nth(number).get_attribute("aria-pressed") == "true"
    assert page.evaluate(state, 0)[1] and buttons.nth(0).get_attribute("aria-pressed") == "false"
    head = page.locator(".play:enabled .head").nth(1)
    assert float(head.evaluate("head => parseFloat(head.style.left)")) > 0
    buttons.nth(1).click()
    assert page.evaluate(state, 1)[1]


def test_a_missing_recording_is_said_and_the_rest_plays(opened, pages):
    page = opened(pages.full)
    silent = page.locator(".exemplar", has=page.locator(".play:disabled"))
    assert silent.count() == 1 and "r3 at" in silent.inner_text()
    assert "The recording is missing." in silent.inner_text()
    assert page.locator("audio").count() == 8


def test_clips_hold_the_window_and_its_neighbours(pages):
    """The pitch of every stretch of every clip, by the highest peak of its spectrum."""
    found = 0
    for cluster in pages.clusters["clusters"]:
        for exemplar in cluster["exemplars"]:
            segment = int(exemplar["segment"][1:])
            window = segment % 4
            assert exemplar["start"] == round(MEDIA_START + window * WINDOW, 3)
            assert (exemplar["before"], exemplar["after"]) == (window > 0, window < 3)
            assert exemplar["classes"] == [list(NAMES.values())[segment % 3]]
            if exemplar["sound"] is None:
                continue
            sound, rate = soundfile.read(pages.full.parent / exemplar["sound"])
            assert sound.ndim == 1 and rate == 2 * RATE and 0.85 < np.abs(sound).max() <= 0.95
            length = round(WINDOW * rate)
            heard = range(window - exemplar["before"], window + exemplar["after"] + 1)
            assert len(sound) == len(heard) * length
            for place, number in enumerate(heard):
                spectrum = np.abs(np.fft.rfft(sound[place * length : (place + 1) * length]))
                assert abs(spectrum.argmax() / WINDOW - tone(segment, number)) < 2
                found += 1
    assert found == 20  # eight clips of two or three windows


def test_a_class_stands_out_in_every_map(opened, pages):
    page = opened(pages.full)
    maps = pd.read_parquet(pages.folder / "maps.parquet")
    assert page.locator("#map circle").count() == len(maps)
    for name in NAMES.values():
        page.locator(".pick").select_option(name)
        lit = page.locator("circle.on")
        assert lit.count() == (maps["class"] == name).sum() > 0
        assert set(lit.evaluate_all("dots => dots.map(dot => dot.dataset.class)")) == {name}
    page.locator(".pick").select_option("")
    assert page.locator("circle.on").count() == 0
    page.locator("circle", has_text="Ape").first.hover(force=True)
    assert page.locator("output").inner_text() in {*NAMES.values(), "several classes"}
    assert page.locator("circle.on").count() > 0


def test_names_of_classes_are_text_not_markup(opened, pages):
    page = opened(pages.full)
    assert page.locator(".mix").nth(1).inner_text() == '100 % Bee <b class="x">'
    assert page.locator("b").count() == 0


def test_nothing_is_wider_than_a_phone(opened, pages):
    page = opened(pages.full, width=360, height=700, color_scheme="dark")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    ground, ink = page.evaluate(
        "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
    )
    lightness = [sum(map(int, colour[4:-1].split(","))) for colour in (ground, ink)]
    assert lightness[0] < 150 < 500 < lightness[1]


def test_a_page_of_numbers_alone(opened, pages):
    """No clusters, no labels, no map, no figures: their sections are not there, and nothing is broken."""
    page = opened(pages.bare)
    assert page.locator("h2").all_inner_texts() == ["Stage 3 (+ clustering)", "The embedding", "Configuration"]
    assert page.locator("img, audio, svg").count() == 0
    assert "gap" not in page.locator(".headlines").inner_text()
