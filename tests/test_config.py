"""The configuration: committed files in step with the types, rows picked by name, wrong keys named."""

from pathlib import Path

import pytest
import yaml
from snakemake.utils import update_config

from c3 import config
from c3.config import reference
from c3.errors import C3Error

PROJECT = Path(__file__).parents[1]
SHIPPED = [PROJECT / "config/rows.yaml", PROJECT / "config/config.yaml"]
OVERLAYS = sorted(set((PROJECT / "config").glob("*.yaml")) - set(SHIPPED))
THREE_TOPLINES = {
    "rows": {"topline_wide": {"losses": {"triplet_labels": 1.0}, "labels": {"strategy": "all"}, "batch": 128}},
    "models": ["topline", "topline_plus", "topline_wide"],
    "paper": {"models": []},
}


def default():
    values = {}
    for path in SHIPPED:
        update_config(values, yaml.safe_load(path.read_text()))
    return values


def changed(*changes):
    values = default()
    for change in changes:
        update_config(values, change)
    return values


def test_schema_and_reference_are_in_step():
    assert (PROJECT / "config/schema.json").read_text() == reference.schema(), "run python -m c3.config.reference"
    assert (PROJECT / "config/README.md").read_text() == reference.reference(), "run python -m c3.config.reference"


@pytest.mark.parametrize("overlay", OVERLAYS, ids=lambda path: path.stem)
def test_overlays_are_valid(overlay):
    loaded = config.load(changed(yaml.safe_load(overlay.read_text())))
    assert loaded.experiment == overlay.stem.replace("-", "_")
    for name in loaded.paper.sweeps:
        assert loaded.swept(name)


@pytest.mark.parametrize("path", [*SHIPPED, *OVERLAYS], ids=lambda path: path.stem)
def test_no_file_has_to_take_anything_back(path):
    """An overlay names what it wants; a null that removes something of another file is never needed."""

    def nulls(node):
        items = node.values() if isinstance(node, dict) else node if isinstance(node, list) else []
        return [node] if node is None else [found for item in items for found in nulls(item)]

    assert not nulls(yaml.safe_load(path.read_text()))


def test_a_row_that_is_not_named_costs_nothing():
    """Rows of the library and sweeps that do not fit are no matter, unless an experiment asks for them."""
    loaded = config.load(changed({"training": {"delta_t": 5}, "synthetic": {"seconds": 5}}))
    assert "proximity" not in loaded.models and "stage3_million" in loaded.rows
    with pytest.raises(C3Error, match=r"sweeps.delta_t: rows.delta_t-10.delta_t is 10 s, longer than every segment"):
        loaded.swept("delta_t")


def test_ΔT_is_the_same_for_all_rows_that_do_not_say_otherwise():
    loaded = config.load(changed({"training": {"delta_t": 7}}))
    assert {name: loaded.training_of(name).delta_t for name in ("stage1", "stage3_plus", "correspondence")} == {
        "stage1": 7,
        "stage3_plus": 7,
        "correspondence": 0,
    }


def test_label_efficiency_needs_no_clusters_and_may_be_absent():
    none = {"evaluation": {"label_efficiency": {"models": []}}}
    assert config.load(changed(THREE_TOPLINES, none)).evaluation.label_efficiency.models == []
    own = {"evaluation": {"label_efficiency": {"models": ["topline"], "strategies": ["random", "kmeans", "core_set"]}}}
    assert config.load(changed(THREE_TOPLINES, own)).budgets("core_set") == [8, 16, 32, 64]
    mixed = {"evaluation": {"label_efficiency": {"models": ["topline_plus", "stage3"]}}}
    assert config.load(changed(mixed)).budgets("random")[-1] == 1024


def test_a_row_brings_those_it_starts_from():
    loaded = config.load(changed({"models": ["stage3"], "evaluation": {"label_efficiency": {"models": ["stage3"]}}}))
    assert loaded.chain("stage3") == ["stage3", "stage2", "stage1"]


def test_rows_that_are_compared_are_equally_long():
    """Whatever an experiment sets, and wherever a row branches off."""
    loaded = config.load(changed({"training": {"steps": 40}, "rows": {"stage2": {"steps": 70}}}))
    assert loaded.steps_in_all("stage3") == 40 + 70 + 40
    alike = ["topline", "stage1_to_3", "stage2_to_3", "topline_plus", "stage1_plus", "stage2_plus", "stage3_plus"]
    assert {loaded.steps_in_all(name) for name in alike} == {150}
    assert loaded.training_of("stage1_to_2").steps == 110 and loaded.training_of("stage2_to_3").steps == 110
    assert loaded.training_of("stage3_plus").steps == 500 and loaded.steps_in_all("stage4_plus") == 650


def test_label_efficiency_may_be_asked_of_embeddings_and_of_the_features():
    asked = {"models": ["log_mel", "mine", "stage3_plus"]}
    change = {"embeddings": {"mine": {"vectors": "mine.npy"}}, "evaluation": {"label_efficiency": asked}}
    loaded = config.load(changed(change))
    assert loaded.learn(asked["models"], "clustering") == ["stage3_plus"]
    with pytest.raises(C3Error, match=r"label_efficiency.models holds 'yours'; allowed are .*, mine, log_mel"):
        config.load(changed({**change, "evaluation": {"label_efficiency": {"models": ["yours"]}}}))


def test_a_sweep_makes_a_row_for_each_value_but_its_own():
    values = default()
    values["sweeps"] = {
        "gamma": {"model": "stage3", "key": "gamma", "values": [0.5, 1.1]},
        "weight": {"model": "stage3", "key": "losses.clustering", "values": [0.1, 0.3]},
        "k": {"model": "stage3", "key": "clusters", "values": [16, 14_000]},
        "reach": {"model": "stage3", "key": "delta_t", "values": [2, 10]},
        "length": {"model": "topline", "key": "steps", "values": [100, 1950]},
    }
    loaded = config.load(values)
    assert loaded.swept("gamma") == {0.5: "gamma-0.5", 1.1: "stage3"}
    assert loaded.swept("weight") == {0.1: "stage3", 0.3: "weight-0.3"}
    assert loaded.swept("reach") == {2: "reach-2", 10: "stage3"}
    assert loaded.swept("length") == {100: "length-100", 1950: "topline"}
    assert loaded.training_of("length-100").steps == 100  # in the place of another row's length
    own = loaded.row("stage3")
    assert loaded.row("gamma-0.5") == own.model_copy(update={"gamma": 0.5})
    assert loaded.row("weight-0.3").losses == {**own.losses, "clustering": 0.3}
    assert loaded.network_of("k-16").clusters == 16 and loaded.swept("k")[14_000] == "k-14000"
    assert loaded.training_of("gamma-0.5").gamma == 0.5
    assert loaded.training_of("stage3") == loaded.training


@pytest.mark.parametrize(
    "change, sentence",
    [
        ({"gamma": {"model": "stage9"}}, "sweeps.gamma.model is 'stage9'; allowed are topline, corr"),
        ({"gamma": {"key": "gama"}}, "sweeps.gamma: gama = 0.5 is wrong"),
        ({"gamma": {"model": "stage3_plus", "key": "clusters", "values": [0.5]}}, "sweeps.gamma: clusters = 0.5 is w"),
        (
            {"gamma": {"model": "stage3", "key": "batch", "values": [9999]}},
            "sweeps.gamma: rows.gamma-9999.batch is 9999, but there are 1",
        ),
    ],
)
def test_a_sweep_is_checked_when_it_is_asked_for(change, sentence):
    with pytest.raises(C3Error) as error:
        config.load(changed({"sweeps": change})).swept("gamma")
    assert str(error.value).startswith(sentence) and str(error.value).endswith(".")


def test_with_many_labels_classification_is_trained_alone():
    row = config.load(changed({"rows": {"stage4": {"alone_from": 50}}})).row("stage4")
    assert set(row.with_labels(49).losses) == {"audio_visual", "audio_audio", "clustering", "classification"}
    assert row.with_labels(50).losses == {"classification": 1.0}
    row = config.load(changed({})).row("stage4")
    assert row.with_labels(5_000) == row


def test_a_system_is_a_sweep_of_labels_of_a_row_that_classifies():
    sweeps = {name: {"model": "stage4", "key": "labels.budget", "values": [4, 8]} for name in ("a", "b")}
    loaded = config.load(changed({"sweeps": sweeps, "evaluation": {"label_efficiency": {"systems": ["a", "b"]}}}))
    assert loaded.systems() == ["a-4", "a-8", "b-4", "b-8"]
    wrong = config.load(changed({"sweeps": sweeps, "evaluation": {"label_efficiency": {"systems": ["gamma"]}}}))
    with pytest.raises(C3Error, match=r"systems holds 'gamma'; allowed are sweeps of labels"):
        wrong.systems()


@pytest.mark.parametrize(
    "change, sentence",
    [
        ({"models": ["stage9"]}, "models holds 'stage9'; allowed are the rows topline, corr"),
        ({"models": ["stage1", "stage1"]}, "models: 'stage1' stands twice; allowed is each once"),
        ({"paper": {"models": ["stage9"]}}, "paper.models holds 'stage9'; allowed are the rows topline, corr"),
        ({"training": {"seeds": [0, 1, 0]}}, "training.seeds: 0 stands twice"),
        ({"training": {"seeds": [-1]}}, "key `training.seeds.0` is -1; allowed: greater than or equal to 0"),
        ({"trainin": {}}, "unknown key `trainin`; allowed are experiment, data"),
        ({"training": {"gamma": -1}}, "key `training.gamma` is -1; allowed: greater than 0"),
        ({"training": {"steps": "many"}}, "key `training.steps` is 'many'; allowed: a valid integer"),
        ({"rows": {"stage2": {"after": "stage9"}}}, "rows.stage2.after is 'stage9'; allowed are topline, corr"),
        ({"rows": {"stage1": {"after": "stage3"}}}, "leads back to"),
        ({"rows": {"stage1_plus": {"steps": 5}}}, "rows.stage1_plus: steps is 5 and as_long_as is stage3; allowed"),
        ({"rows": {"stage1": {"as_long_as": "topline"}}}, "rows.topline.as_long_as is 'stage3'; allowed is a row that"),
        ({"rows": {"topline": {"as_long_as": "stage9"}}}, "rows.topline.as_long_as is 'stage9'; allowed is a row th"),
        (
            {"rows": {"stage2_to_3": {"as_long_as": "stage1"}}},
            "rows.stage2_to_3.as_long_as is stage1, which has 650 steps in all, but stage1, which stage2_to_3 starts",
        ),
        ({"rows": {"new": {"losses": {"audio": 1}}}}, "key `rows.new.losses.audio` is 'audio'; allowed: 'audio_vi"),
        ({"rows": {"stage1": {"labels": {"budget": 3}}}}, "belong together"),
        ({"embeddings": {"new": {}}}, "vectors is None and encoder is None; allowed is exactly one of them"),
        ({"embeddings": {"new": {"encoder": "birdnett"}}}, "key `embeddings.new.encoder` is 'birdnett'"),
        ({"embeddings": {"new": {"encoder": "birdnet", "weights": "x"}}}, "weights is 'x'; allowed is none, or an"),
        (
            {"embeddings": {"new": {"encoder": "birdnet"}}, "rows": {"stage1": {"after": "new"}}},
            "starts from the embedding new, which has no network to train on; allowed is frozen: true",
        ),
        (
            {"rows": {"stage4": {"after": "stage2"}}, "models": ["stage4"]},
            "rows.stage4.after is 'stage2', which has no clustering loss",
        ),
        ({"rows": {"log_mel": {"losses": {"audio_audio": 1}}}}, "the name log_mel is taken by the baseline"),
        ({"embeddings": {"stage1": {"vectors": "x.npy"}}}, "the name stage1 is taken by both a row and an embedding"),
        (
            {"evaluation": {"label_efficiency": {"budgets_of": {"cluster": [9999]}}}},
            "label_efficiency.budgets_of.cluster is 9999, more than the number of clusters of stage3_plus; allowed is",
        ),
        (
            {"evaluation": {"label_efficiency": {"budgets": [9999]}}},
            "label_efficiency.budgets is 9999, more than the number of clusters of stage3_plus; allowed is up to 256",
        ),
        ({"evaluation": {"label_efficiency": {"budgets": [8, 8]}}}, "label_efficiency.budgets: 8 stands twice"),
        ({"evaluation": {"label_efficiency": {"strategies": ["all"]}}}, "it holds 'all'; allowed are the others"),
        (
            {"evaluation": {"label_efficiency": {"models": ["topline_plus"]}}},
            "strategies holds 'cluster', which asks by clusters, but none of topline_plus has a clustering loss",
        ),
        ({"evaluation": {"split": "validation"}, "data": {"validation_share": 0}}, "data.validation_share is 0, but"),
        ({"features": {"mel_max_hz": 9000}}, "mel_max_hz is 9000"),
        (
            {"rows": {"stage3": {"frozen": True}}},
            "rows.stage3: frozen is true with the losses audio_visual, audio_",
        ),
        ({"network": {"cluster_factors": 2, "clusters": 14}}, "clusters is 14 with cluster_factors 2; allowed is a"),
        (
            {"network": {"cluster_factors": 2}, "rows": {"stage3": {"clusters": 10}}},
            "rows.stage3.clusters is 10 with cluster_factors 2; allowed is a product of two whole numbers",
        ),
        ({"rows": {"stage1": {"alone_from": 5}}}, "alone_from is 5 without the loss classification"),
        ({"rows": {"stage3": {"propagated": True}}}, "propagated is true with the losses audio_visual, audio_audio"),
        (
            {
                "rows": {
                    "stage3": {
                        "losses": {"classification": 1, "triplet_labels": 1},
                        "labels": {"strategy": "all"},
                        "propagated": True,
                    }
                }
            },
            "allowed is, of the losses with labels, classification alone",
        ),
        ({"experiment": "a/b"}, "key `experiment` is 'a/b'"),
        (
            {
                "embeddings": {"mine": {"vectors": "mine.npy"}},
                "rows": {
                    "heads": {
                        "after": "mine",
                        "frozen": True,
                        "losses": {"classification": 1},
                        "labels": {"budget": 2, "strategy": "random"},
                    }
                },
                "models": ["heads"],
                "evaluation": {"label_efficiency": {"models": []}},
                "recognise": {"root": "next-season"},
            },
            "recognise.root is next-season, but the row heads takes the vectors in mine.npy, which new recordings",
        ),
        # what the data cannot give, as far as it is known before any is read
        (
            {"synthetic": {"seconds": 5}},
            "training.delta_t is 10 s, longer than every segment (synthetic.train_segments)",
        ),
        ({"rows": {"stage1": {"delta_t": 20}}}, "rows.stage1.delta_t is 20 s, longer than every segment"),
        (
            {"synthetic": {"seconds": 0.5}},
            "the longest training segment has 0.5 s; allowed is a window or more, 0.96 s",
        ),
        ({"synthetic": {"train_segments": 50}}, "training.batch is 64, but there are 50 training recordings"),
        ({"rows": {"stage3": {"clusters": 20000}}}, "rows.stage3.clusters is 20000, but there are 15000 training wind"),
        ({"network": {"trunk": "resnet50"}, "features": {"frame_pixels": 16}}, "frame_pixels is 16 with network.trunk"),
    ],
)
def test_wrong_values_are_named(change, sentence):
    with pytest.raises(C3Error) as error:
        config.load(changed(change), "config.yaml")
    assert sentence in str(error.value)
    assert str(error.value).startswith("config.yaml: ") and "\n" not in str(error.value)


@pytest.mark.parametrize(
    "change, sentence",
    [
        (
            {"folder": {"segment_seconds": 5}},
            "training.delta_t is 10 s, longer than every segment (folder.segment_seconds",
        ),
        ({"models": ["topline"]}, "rows.topline.labels.strategy is all, but data.source is folder, whose recordings"),
        (
            {"evaluation": {"label_efficiency": {"models": ["clusters_plus"]}}},
            "label_efficiency.models is ['clusters_plus'], but own recordings have no labels; allowed is []",
        ),
        ({"folder": {"sheets": ["results/folder/sheets/x.csv"]}}, "which a run makes; allowed is a copy outside of r"),
    ],
)
def test_wrong_values_for_own_recordings_are_named_before_anything_runs(change, sentence):
    overlay = yaml.safe_load((PROJECT / "config/folder.yaml").read_text())
    with pytest.raises(C3Error) as error:
        config.load(changed(overlay, change))
    assert sentence in str(error.value)


@pytest.mark.parametrize(
    "extent, sentence",
    [
        ({"recordings": 10}, "training.batch is 64, but there are 10 training recordings (m.parquet)"),
        ({"pictured": 10}, "training.batch is 64, but there are 10 training recordings with pictures (m.parquet)"),
        ({"windows": 100}, "network.clusters is 256, but there are 100 training windows (m.parquet)"),
        ({"segments": 20}, "rows.stage4_plus.labels.budget is 64, but there are 20 training segments (m.parquet)"),
        ({"segment_seconds": 4.0}, "training.delta_t is 10 s, longer than every segment (m.parquet)"),
    ],
)
def test_what_the_data_cannot_give_is_named(extent, sentence):
    loaded = config.load(default())
    loaded.check(config.Extent("m.parquet"))
    with pytest.raises(C3Error) as error:
        loaded.check(config.Extent("m.parquet", **extent))
    assert sentence in str(error.value)


def test_a_whole_network_that_the_data_cannot_give_is_named():
    """Rows of sound alone, with the systems of the default, of which one learns from pictures."""
    sound = {"models": ["clusters_plus"], "paper": {"models": []}}
    efficiency = {"models": ["clusters_plus"], "strategies": ["random"]}
    loaded = config.load(changed({**sound, "evaluation": {"label_efficiency": efficiency}}))
    sentence = r"label_efficiency.systems: training.batch is 64, but there are 0 training recordings with pictures"
    with pytest.raises(C3Error, match=sentence):
        loaded.check(config.Extent("m.parquet", pictured=0))
    efficiency["models"] = []  # then no system is trained
    config.load(changed({**sound, "evaluation": {"label_efficiency": efficiency}})).check(
        config.Extent("m.parquet", pictured=0)
    )


def test_derived_sizes():
    """25 ms and 10 ms at 16 kHz: a window of 0.96 s has 96 rows of 64 bands."""
    features = config.Features()
    assert features.window_shape == (96, 64) and features.frame_shape == (64, 64, 3)
