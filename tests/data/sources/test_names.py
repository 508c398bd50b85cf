"""Names of media: each downloader's own, for ids of every kind; and where a segment begins in a file."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from c3.data.sources import audioset, names

IDS = ["-aBcDeFgHiJ", "YaBcDeFgHiJ", "a_30_40_bcd", "abcdefghijk", "_-_30000_-_"]
# As the tool writes them, for a segment from 30 to 40 s: name without ending, form, whether it is a clip.
TOOLS = {
    "PANNs": ("Y{}", "<id>", False),
    "plain": ("{}", "<id>", False),
    "audiosetdl": ("{}_30000_40000", "<id>_<start>_<end> in ms", True),
    "audioset-download": ("{}_30.0-40.0", "<id>_<start>_<end> in s", True),
    "audioset-processing": ("{}_30", "<id>_<start> in s", True),
    "milliseconds": ("{}_30000", "<id>_<start> in ms", True),
    "DCASE 2017, CED": ("{}_30.000_40.000", "<id>_<start>_<end> in s", True),
    "DCASE 2018": ("Y{}_30.000_40.000", "<id>_<start>_<end> in s", True),
    "seconds": ("{}_30_40", "<id>_<start>_<end> in s", True),
    "VGGSound": ("{}_000030", "<id>_<start> in s", True),
    "youtube-dl": ("My - title_30_40-{}", "<title>-<id>", False),
    "yt-dlp": ("My [best] title [{}]", "<title> [<id>]", False),
}


def table(stems, extension="wav"):
    return pd.DataFrame({"path": [f"{stem}.{extension}" for stem in stems], "stem": stems, "extension": extension})


def segments(ids, start=30.0, end=40.0):
    return pd.DataFrame({"ytid": ids, "start": start, "end": end})


@pytest.mark.parametrize("tool", TOOLS)
def test_names_of_each_tool(tool):
    name, form, clip = TOOLS[tool]
    stems = [name.format(each) for each in IDS]
    matched, of_file = names.match(segments(IDS), table(stems))
    assert matched["path"].tolist() == [f"{stem}.wav" for stem in stems]
    assert set(matched["form"]) == {form} == set(of_file["form"]) and of_file["used"].all()
    assert (matched["clip"] == clip).all()


@pytest.mark.parametrize("tool", ["audiosetdl", "audioset-download", "DCASE 2018", "milliseconds", "VGGSound"])
def test_another_piece_of_a_recording_is_no_match(tool):
    """Of two segments of each recording, 30 to 40 s and 130 to 140 s, only the first is there."""
    stems = [TOOLS[tool][0].format(each) for each in IDS]
    matched, _ = names.match(pd.concat([segments(IDS), segments(IDS, 130.0, 140.0)]), table(stems))
    assert matched["path"].notna().tolist() == [True] * 5 + [False] * 5
    matched, of_file = names.match(segments(IDS, 130.0, 140.0), table(stems))
    assert matched["path"].isna().all() and of_file["form"].notna().all() and not of_file["used"].any()


def test_an_id_that_begins_with_y_is_not_cut():
    """`YaBcDeFgHiJ` is an id of its own, and the file of `aBcDeFgHiJ`, which is none, is not its."""
    matched, _ = names.match(segments(["YaBcDeFgHiJ", "aBcDeFgHiJ"]), table(["YaBcDeFgHiJ"]))
    assert matched["path"].tolist() == ["YaBcDeFgHiJ.wav", None]
    matched, _ = names.match(segments(["YaBcDeFgHiJ"]), table(["YYaBcDeFgHiJ", "aBcDeFgHiJ"]))
    assert matched["path"].tolist() == ["YYaBcDeFgHiJ.wav"]


def test_what_an_end_says_about_the_unit():
    """Both begin at 0 in seconds and in milliseconds; the end tells."""
    matched, _ = names.match(segments(["abcdefghijk"], 0.0, 10.0), table(["abcdefghijk_0_10000", "abcdefghijk_0_30"]))
    assert matched["path"].tolist() == ["abcdefghijk_0_10000.wav"]
    assert matched["form"].tolist() == ["<id>_<start>_<end> in ms"]


@given(
    st.from_regex(rf"{names.ID}", fullmatch=True, alphabet=st.characters(codec="ascii")),
    st.integers(0, 3600),
    st.integers(1, 20),
    st.booleans(),
)
def test_split_reads_what_tools_write(ytid, start, seconds, prefixed):
    before = "Y" * prefixed + ytid
    end = start + seconds
    for name in (f"{before}_{start}.000_{end}.000", f"{before}_{start}.0-{end}.0"):
        assert names.split(name) == (ytid, start, end)
    assert names.split(f"{before}_{start}")[:2] == (ytid, start)
    assert names.split(before)[0] == ytid and np.isnan(names.split(before)[1])


@pytest.mark.parametrize(
    ("start", "end", "length", "alone", "begins"),
    [
        (30, 40, 300, True, 30),  # the recording
        (30, 40, 40, True, 30),
        (30, 40, np.nan, True, 30),  # of unknown length
        (30, 40, 10, True, 0),  # cut
        (30, 40, 10.2, True, 0),
        (30, 40, 7, True, 0),  # cut, and shorter than its segment
        (30, 40, 10, False, np.nan),  # of two segments nobody knows which
        (30, 40, 20, True, np.nan),  # neither
        (30, 40, 38, True, 30),  # a recording that ends early
        (5, 15, 10, True, 0),
        (0, 10, 10, True, 0),
        (0, 10, 10, False, 0),
    ],
)
def test_where_a_segment_begins(start, end, length, alone, begins):
    found = names.placed(*np.array([[start], [end], [length]], float), np.array([alone]))
    np.testing.assert_equal(found, [begins])


def test_matching_scales():
    """200,000 segments are matched in seconds: no search per segment."""
    ytids = pd.Series([audioset.make_ytid(i) for i in range(200_000)])
    files = pd.DataFrame({"path": ytids + "_30.wav", "stem": ytids + "_30", "extension": "wav"})
    shuffled = files.sample(frac=1, random_state=0, ignore_index=True)
    matched, of_file = names.match(segments(ytids), shuffled)
    assert (matched["path"] == ytids + "_30.wav").all()
    assert matched["clip"].all() and of_file["used"].all()
