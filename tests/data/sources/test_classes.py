"""Which classes are asked for, and which segments of them."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from c3.data.sources.classes import chosen_classes, read_class_labels, read_ontology, sampled
from c3.errors import C3Error


def below(ontology, name):
    """All MIDs at and below a node, by walking its children."""
    nodes = {node["id"]: node for node in json.loads(ontology.read_text())}
    found, new = set(), {mid for mid, node in nodes.items() if node["name"] == name}
    while new:
        found |= new
        new = {child for mid in new for child in nodes[mid]["child_ids"]} - found
    return found


def test_classes_by_mid_name_and_node(real):
    known = read_class_labels(real / "audioset" / "class_labels_indices.csv")
    path = real / "audioset" / "ontology.json"
    ontology = read_ontology(path)
    assert chosen_classes(["/m/09x0r", "bark"], known, {}) == {"/m/09x0r", "/m/05tny_"}
    assert chosen_classes(["Dog"], known, {}) == {"/m/0bt9lr"}
    dogs = chosen_classes(["Dog"], known, ontology)
    assert dogs == below(path, "Dog") & set(known["label"]) and len(dogs) > 5
    # «Human voice» is a node, and none of the 527 classes
    assert chosen_classes(["Human voice"], known, ontology) == below(path, "Human voice") & set(known["label"])
    with pytest.raises(C3Error, match=r"classes holds 'Human voice'; allowed are .*with audioset\.ontology, nodes"):
        chosen_classes(["Human voice"], known, {})
    with pytest.raises(C3Error, match="classes holds 'Dodo'; allowed are MIDs and names"):
        chosen_classes(["Dog", "Dodo"], known, ontology)


def table(labels, split="train"):
    return pd.DataFrame({"segment_id": [f"s{n}" for n in range(len(labels))], "labels": labels, "split": split})


@given(
    st.lists(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=3, unique=True), min_size=1, max_size=80),
    st.integers(1, 40),
    st.integers(0, 3),
)
def test_a_sample_holds_the_smaller_one_and_as_many_as_asked(labels, count, seed):
    whole = table(labels)
    first, more = (sampled(whole, number, seed)["segment_id"].tolist() for number in (count, count + 7))
    assert len(first) == min(count, len(labels)) == len(set(first))
    assert set(first) <= set(more)
    if count >= 6:  # all classes are there
        assert {each for row in sampled(whole, count, seed)["labels"] for each in row} == {
            x for row in labels for x in row
        }


def test_a_sample_keeps_the_shares_of_classes_and_counts_each_split():
    whole = pd.concat([table([["a"]] * 800 + [["b"]] * 190 + [["c"]] * 10), table([["a"]] * 30, "evaluation")])
    whole = whole.reset_index(drop=True)
    drawn = sampled(whole, 100, 0)
    counts = drawn[drawn["split"] == "train"]["labels"].str[0].value_counts()
    np.testing.assert_allclose(counts[["a", "b", "c"]], [80, 19, 1], atol=1)
    assert (drawn["split"] == "evaluation").sum() == 30
    assert set(sampled(whole, 100, 1)["segment_id"]) != set(drawn["segment_id"])
