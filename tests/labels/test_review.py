"""What is reviewed, and where each class is heard."""

import numpy as np
import pandas as pd

from c3.labels import review


def table(segments, classes, seed=0):
    rng = np.random.default_rng(seed)
    index = pd.Index([f"s{number:04d}" for number in range(segments)], name="segment_id")
    return pd.DataFrame(rng.random((segments, classes)), index=index, columns=[f"c{n}" for n in range(classes)])


def test_surest_doubtful_and_random():
    probabilities = table(500, 2)
    chosen = review.choose(probabilities, seed=0)
    assert not chosen.duplicated(["segment_id", "class"]).any()
    for name, rows in chosen.groupby("class"):
        column = probabilities[name]
        assert np.allclose(rows["probability"], column[rows["segment_id"]])
        of = {group: rows.loc[[group in groups for groups in rows["groups"]], "segment_id"] for group in
              ("surest", "doubtful", "random")}  # fmt: skip
        assert [len(segments) for segments in of.values()] == [review.EACH] * 3
        assert column[of["surest"]].min() == column.nlargest(review.EACH).min()
        rest = column.drop(of["surest"])
        assert (column[of["doubtful"]] - 0.5).abs().max() == (rest - 0.5).abs().nsmallest(review.EACH).max()
        assert column[of["random"]].min() > 0.5
    assert chosen.equals(review.choose(probabilities, seed=0))
    other = review.choose(probabilities, seed=1)
    assert set(chosen["segment_id"]) != set(other["segment_id"])


def test_the_random_sample_is_drawn_evenly():
    """Of 40 segments above 0.5, each is drawn in 8 of 40 cases, whatever its probability."""
    probabilities = pd.DataFrame({"c": np.r_[np.linspace(0.51, 0.99, 40), np.zeros(60)]})
    probabilities.index = [f"s{number}" for number in range(100)]
    drawn = pd.Series(0, index=probabilities.index)
    for seed in range(400):
        rows = review.choose(probabilities, seed)
        drawn[rows.loc[["random" in groups for groups in rows["groups"]], "segment_id"]] += 1
    assert (drawn[40:] == 0).all() and drawn.sum() == 3200
    assert (abs(drawn[:40] - 80) < 5 * np.sqrt(80 * 0.8)).all()


def test_few_segments_and_many_classes():
    few = review.choose(pd.DataFrame({"c": [0.9, 0.2]}, index=["a", "b"]), seed=0)
    assert few["segment_id"].tolist() == ["a", "b"]
    assert few["groups"].tolist() == [["surest", "random"], ["surest"]]
    assert len(review.choose(pd.DataFrame(index=["a", "b"]), seed=0)) == 0
    assert len(review.choose(table(2000, 90), seed=0)) <= review.MOST_CLIPS


def test_a_timeline_by_hand():
    places = pd.DataFrame({"file": list("aaaab"), "start": [0, 5, 10, 15, 0], "end": [5, 10, 15, 20, 4]})
    probabilities = pd.DataFrame({"dog": [0.9, 0.6, 0.5, 0.8, 0.1], "owl": [0.1, 0.7, 0.2, 0.2, 0.3], "cat": 0.4})
    shown, beyond = review.timeline(places, probabilities)
    quarter = review.PARTS // 4
    assert beyond == 0 and shown == [
        {
            "file": "a",
            "end": 20.0,
            "strips": [
                {"class": "dog", "segments": 3, "runs": [(0, 2 * quarter), (3 * quarter, quarter)]},
                {"class": "owl", "segments": 1, "runs": [(quarter, quarter)]},
            ],
        }
    ]


def test_a_thousand_recordings_do_not_make_a_thousand_strips():
    places = pd.DataFrame({"file": np.repeat([f"r{n:04d}" for n in range(1000)], 3), "start": [0, 5, 10] * 1000})
    probabilities = table(3000, 4)
    probabilities.iloc[3 * 77 : 3 * 78] = 0.99  # most is heard in one of them
    shown, beyond = review.timeline(places.assign(end=places["start"] + 5), probabilities)
    assert sum(len(recording["strips"]) for recording in shown) <= review.MOST_STRIPS
    heard = (probabilities > 0.5).any(axis=1).groupby(places["file"].to_numpy()).any().sum()
    assert len(shown) + beyond == heard and "r0077" in [recording["file"] for recording in shown]
