"""The configuration: committed files in step with the types, wrong keys named."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from snakemake.utils import update_config

from c3 import config
from c3.errors import C3Error

PROJECT = Path(__file__).parents[1]
DEFAULT = PROJECT / "config/config.yaml"
OVERLAYS = sorted(set((PROJECT / "config").glob("*.yaml")) - {DEFAULT})


def default():
    return yaml.safe_load(DEFAULT.read_text())


def test_schema_and_reference_are_in_step():
    assert (PROJECT / "config/schema.json").read_text() == config.schema(), "run python -m c3.config"
    assert (PROJECT / "config/README.md").read_text() == config.reference(), "run python -m c3.config"


@pytest.mark.parametrize("overlay", OVERLAYS, ids=lambda path: path.stem)
def test_overlays_are_valid(overlay):
    values = default()
    update_config(values, yaml.safe_load(overlay.read_text()))
    assert config.load(values).experiment == overlay.stem


def test_the_default_file_sets_nothing_that_the_types_do_not_know():
    loaded = config.load(default())
    assert loaded.models["stage4_plus"].labels.budget <= loaded.network.clusters


def test_a_row_is_removed_by_null():
    values = default()
    values["models"]["stage4_plus"] = None
    assert "stage4_plus" not in config.load(values).models


def test_a_sweep_makes_a_row_for_each_value_but_its_own():
    values = default()
    values["sweeps"] = {
        "gamma": {"model": "stage3", "key": "gamma", "values": [0.5, 1.1]},
        "weight": {"model": "stage3", "key": "losses.clustering", "values": [0.1, 0.3]},
        "k": {"model": "stage3", "key": "clusters", "values": [16]},
    }
    loaded = config.load(values)
    assert loaded.swept("gamma") == {0.5: "gamma-0.5", 1.1: "stage3"}
    assert loaded.swept("weight") == {0.1: "stage3", 0.3: "weight-0.3"}
    own, rows = loaded.models["stage3"], loaded.rows
    assert rows["gamma-0.5"] == own.model_copy(update={"gamma": 0.5})
    assert rows["weight-0.3"].losses == {**own.losses, "clustering": 0.3}
    assert config.overridden(loaded.network, rows["k-16"]).clusters == 16
    assert config.overridden(loaded.training, rows["gamma-0.5"]).gamma == 0.5
    assert config.overridden(loaded.training, own) == loaded.training


@pytest.mark.parametrize(
    "change, sentence",
    [
        ({"sweeps": {"gamma": {"model": "stage9"}}}, "sweeps.gamma.model is 'stage9'; allowed are topline, corr"),
        ({"sweeps": {"gamma": {"key": "gama"}}}, "sweeps.gamma: gama = 0.5 is wrong"),
        ({"sweeps": {"clusters": {"values": [0.5]}}}, "sweeps.clusters: clusters = 0.5 is wrong"),
        ({"paper": {"models": {"stage1": {"losses": {"audio_audio": 1}}}}}, "the name stage1 is taken by both"),
        ({"paper": {"models": {"proximity": {"after": "x"}}}}, "paper.models.proximity.after is 'x'"),
        ({"trainin": {}}, "unknown key `trainin`; allowed are experiment, data"),
        ({"training": {"gamma": -1}}, "key `training.gamma` is -1; allowed: greater than 0"),
        ({"training": {"steps": "many"}}, "key `training.steps` is 'many'; allowed: a valid integer"),
        ({"models": {"stage2": {"after": "stage9"}}}, "models.stage2.after is 'stage9'; allowed are topline, corr"),
        ({"models": {"stage1": {"after": "stage3"}}}, "leads back to"),
        ({"models": {"new": {"losses": {"audio": 1}}}}, "key `models.new.losses.audio` is 'audio'; allowed: 'audio_vi"),
        ({"models": {"stage1": {"labels": {"budget": 3}}}}, "belong together"),
        (
            {"models": {"stage4_plus": {"after": "stage2"}}},
            "models.stage4_plus.after is 'stage2', which has no clustering loss",
        ),
        ({"models": {"log_mel": {"losses": {"audio_audio": 1}}}}, "the name log_mel is taken by the baseline"),
        ({"embeddings": {"stage1": "x.npy"}}, "the name stage1 is taken by both a row and another row or an embedding"),
        (
            {"evaluation": {"label_efficiency": {"budgets": {"cluster": [9999]}}}},
            "budgets.cluster is 9999, more than the number of clusters of stage3_plus; allowed is up to 256",
        ),
        ({"features": {"mel_max_hz": 9000}}, "mel_max_hz is 9000"),
        (
            {"models": {"stage3": {"frozen": True}}},
            "models.stage3: frozen is true with the losses audio_visual, audio_",
        ),
        ({"network": {"cluster_factors": 2, "clusters": 14}}, "clusters is 14 with cluster_factors 2; allowed is a"),
        (
            {"network": {"cluster_factors": 2}, "models": {"stage3": {"clusters": 10}}},
            "models.stage3.clusters is 10 with cluster_factors 2; allowed is a product of two whole numbers",
        ),
        ({"experiment": "a/b"}, "key `experiment` is 'a/b'"),
    ],
)
def test_wrong_values_are_named(change, sentence):
    values = default()
    update_config(values, change)
    with pytest.raises(C3Error) as error:
        config.load(values, "config.yaml")
    assert sentence in str(error.value)
    assert str(error.value).startswith("config.yaml: ") and "\n" not in str(error.value)


def test_derived_sizes():
    """25 ms and 10 ms at 16 kHz: a window of 0.96 s has 96 rows of 64 bands."""
    features = config.Features()
    assert features.window_shape == (96, 64) and features.frame_shape == (64, 64, 3)


def test_import_is_light():
    """`import c3` and its rim load neither TensorFlow nor anything that does."""
    code = (
        "import sys, c3, c3.config, c3.cli, c3.report.figures, c3.labels.strategies, c3.clustering; print(*sys.modules)"
    )
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"tensorflow", "keras", "torch", "jax"} & set(modules)
