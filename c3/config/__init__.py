"""The configuration: typed, validated, and the source of its own JSON Schema and reference page.

Every key of config/config.yaml is a field below; an unknown or wrong key is a :class:`c3.errors.C3Error`
that names it. ``python -m c3.config`` rewrites config/schema.json and config/README.md.
"""

from __future__ import annotations

import functools
import json
import math
import re
import types
import typing
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from c3.errors import C3Error

UnsupervisedLoss = Literal["audio_visual", "audio_audio", "clustering", "triplet_proximity"]
SupervisedLoss = Literal["classification", "triplet_labels"]
Loss = Literal[UnsupervisedLoss, SupervisedLoss]
UNSUPERVISED, SUPERVISED = typing.get_args(UnsupervisedLoss), typing.get_args(SupervisedLoss)
Strategy = Literal[
    "all",
    "random",
    "cluster",
    "cluster_unpropagated",
    "cluster_merged",
    "cluster_cover",
    "kmeans",
    "medoid",
    "typiclust",
    "core_set",
]
CLUSTER_STRATEGIES = ("cluster", "cluster_unpropagated", "cluster_merged", "cluster_cover")  # by the network's clusters
EMBEDDING_STRATEGIES = ("cluster_merged", "cluster_cover", "kmeans", "medoid", "typiclust", "core_set")  # by distances
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, lt=1)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_]+$")]


class Section(BaseModel):
    """A part of the configuration: frozen, and closed to keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Data(Section):
    """Where the segments come from, and how they are split."""

    source: Literal["synthetic", "collage", "audioset", "folder"] = Field(
        "synthetic", description="which section below makes the manifest"
    )
    validation_share: Share = Field(
        0.1,
        description="share of the training recordings held out for the histories and for tuning; never trained on",
    )
    max_quarantined: Annotated[float, Field(ge=0, le=1)] = Field(
        0.05, description="the run stops if more than this share of the segments cannot be used"
    )
    seed: int = Field(0, description="seed of the simulation, the collage and the validation split")


class Synthetic(Section):
    """The simulated AudioSet: parametric sounds and pictures, written as mp4 files and AudioSet CSVs."""

    train_segments: Count = Field(1500, description="training segments, class prior as in `imbalance`")
    evaluation_segments: Count = Field(
        400, description="evaluation segments, classes balanced as in AudioSet's evaluation set"
    )
    classes: Annotated[int, Field(ge=2, le=32)] = Field(32, description="number of sound classes")
    imbalance: Annotated[float, Field(ge=1)] = Field(
        200.0, description="how many times the most frequent class outnumbers the rarest (Zipf prior)"
    )
    seconds: Positive = Field(10.0, description="length of a segment in seconds")


class CollageClass(Section):
    """One class of a collage: its label, its sounds and its pictures."""

    name: str = Field(description="name shown in tables and figures")
    sounds: str = Field(description="glob of sound files, relative to `collage.root`")
    pictures: str | None = Field(
        None, description="glob of pictures, relative to `collage.root`; null: the object is never in view"
    )


class Collage(Section):
    """Segments made of labelled sound files and of pictures that come and go with the sound."""

    root: str = Field("data", description="folder that holds the sounds and the pictures")
    classes: dict[str, CollageClass] = Field(
        {}, description="label (a MID or any other identifier without commas) → the class"
    )
    background: str | None = Field(
        None, description="glob of pictures shown while the object is out of view; null: black"
    )
    recording: str = Field(
        r"^(.+)\.[^.]+$",
        description="regular expression on the file name; files of a class with equal groups make one recording",
    )
    evaluation: str = Field(r"^5-", description="regular expression on the file name of the evaluation recordings")
    sounds_per_segment: Count = Field(1, description="sound files of one recording strung together to a segment")
    segments_per_recording: Count | None = Field(
        None, description="segments drawn from each recording; null: each sound file is used once"
    )


class AudioSet(Section):
    """The official AudioSet files, or your own in the same format."""

    train: list[str] = Field([], description="segment CSVs of the training set")
    evaluation: list[str] = Field([], description="segment CSVs of the evaluation set")
    class_labels: str = Field("", description="class_labels_indices.csv")
    media: str = Field("", description="folder with the media, `YTID.*`, `YYTID.*` or `YTID_start.*`")


class Folder(Section):
    """Your own recordings, of any length and without labels."""

    root: str = Field("recordings", description="folder with the recordings, in folders or not")
    segment_seconds: Positive = Field(
        10.0, description="length of the segments that recordings are cut into; a label is about one segment"
    )
    recording_seconds: Positive = Field(
        60.0,
        description="length of the parts of a longer file, of which each counts as a recording; the segment between two is not learnt from, so that no pair of two parts is close in time",
    )
    sheets: list[str] = Field(
        [],
        description="sheets that you have filled in and moved elsewhere; what they answer is not asked again",
    )


class Features(Section):
    """The feature specification in physical units; every model file carries it."""

    sample_rate: Count = Field(16000, description="Hz, mono")
    stft_window_seconds: Positive = Field(0.025, description="length of the Hann window")
    stft_hop_seconds: Positive = Field(0.010, description="hop between spectra")
    mel_bands: Count = Field(64, description="number of mel bands")
    mel_min_hz: Positive = Field(125.0, description="lower edge of the mel bands")
    mel_max_hz: Positive = Field(7500.0, description="upper edge of the mel bands")
    log_offset: Positive = Field(0.01, description="added before the logarithm")
    window_seconds: Positive = Field(0.96, description="length of a window, the unit of learning")
    frame_pixels: Count = Field(64, description="side of a square picture")
    frames_per_second: Positive = Field(1.0, description="pictures kept per second of video")

    @property
    def window_rows(self) -> int:
        """Spectra in a window: 96."""
        return round(self.window_seconds / self.stft_hop_seconds)

    @property
    def window_shape(self) -> tuple[int, int]:
        """Shape of a window: (96, 64)."""
        return self.window_rows, self.mel_bands

    @property
    def frame_shape(self) -> tuple[int, int, int]:
        """Shape of a frame: (64, 64, 3)."""
        return self.frame_pixels, self.frame_pixels, 3

    @model_validator(mode="after")
    def _band_edges(self):
        if not self.mel_min_hz < self.mel_max_hz <= self.sample_rate / 2:
            raise ValueError(
                f"mel_max_hz is {self.mel_max_hz:g}; allowed is above mel_min_hz ({self.mel_min_hz:g}) up to half the sample rate ({self.sample_rate / 2:g})"
            )
        return self


class Storage(Section):
    """How features are stored."""

    shards: Count = Field(4, description="number of feature shards, one job each; aim at 2,000 segments a shard")


class Network(Section):
    """The one network: two trunks and four heads."""

    trunk: Literal["resnet10", "resnet50"] = Field(
        "resnet10", description="resnet50 is the paper's; resnet10 (0.3 M parameters) is for CPUs"
    )
    embedding: Count = Field(128, description="dimensions of the embedding")
    coincidence_units: Count = Field(512, description="hidden units of each coincidence head")
    clusters: Annotated[int, Field(ge=2)] = Field(
        256, description="K, outputs of the cluster head; the paper goes up to 1,000,000"
    )
    cluster_factors: Literal[1, 2] = Field(
        1, description="2: the cluster head is a product of two with about √K outputs each, small and fast at large K"
    )
    classifier_units: Count = Field(512, description="hidden units of the classifier head")

    @property
    def factors(self) -> tuple[int, ...]:
        """(K,), or the two whole factors of K that are nearest to each other; ValueError beyond a ratio of 2."""
        if self.cluster_factors == 1:
            return (self.clusters,)
        first = next(factor for factor in range(math.isqrt(self.clusters), 0, -1) if self.clusters % factor == 0)
        second = self.clusters // first
        if second > 2 * first:
            raise ValueError(
                f"clusters is {self.clusters} with cluster_factors 2; allowed is a product of two whole numbers, the"
                " larger at most twice the smaller, such as a square"
            )
        return first, second

    @model_validator(mode="after")
    def _factors_fit(self):
        self.factors  # noqa: B018
        return self


class Training(Section):
    """What all rows of `models` share."""

    steps: Count = Field(1000, description="optimizer steps of a row, unless the row says otherwise")
    batch: Annotated[int, Field(ge=2)] = Field(64, description="B, pairs in a batch, each from another recording")
    learning_rate: Positive = Field(
        0.001, description="Adam's initial rate; it falls to zero along a cosine within each row"
    )
    gamma: Positive = Field(1.1, description="γ, weight of the entropy of the mean assignment in the clustering loss")
    evaluate_every: Count = Field(100, description="steps between two rows of the history and between two checkpoints")
    held_out_pairs: Annotated[int, Field(ge=2)] = Field(
        128,
        description="held-out pairs that the history's AUC and entropies are measured on (at most one per recording)",
    )
    seeds: Annotated[list[int], Field(min_length=1)] = Field(
        [0], description="seeds; every row is trained once for each"
    )


class Labels(Section):
    """The labels that a row of `models` pays for."""

    strategy: Strategy = Field("cluster", description="how the segments to be labelled are chosen")
    budget: Count | None = Field(
        None, description="labels asked for, each one the annotation of one segment; null with the strategy `all`"
    )

    @model_validator(mode="after")
    def _budget_unless_all(self):
        if (self.budget is None) != (self.strategy == "all"):
            raise ValueError(
                f"budget is {self.budget} with the strategy {self.strategy}; allowed is a number, or null with the strategy all"
            )
        return self


class Model(Section):
    """One row of the curriculum: which losses, starting from which row."""

    after: Name | None = Field(None, description="the row whose weights this one starts from; null: random weights")
    losses: Annotated[dict[Loss, Positive], Field(min_length=1)] = Field(description="loss → weight")
    delta_t: Annotated[float, Field(ge=0)] = Field(
        10.0,
        description="ΔT in seconds: pairs of one recording at most this far apart are positive; 0: window and frame overlap",
    )
    augmentation: bool = Field(
        False, description="give each training window another microphone, distance and background (not in the paper)"
    )
    frozen: bool = Field(
        False,
        description="train only the cluster head, on the stored embeddings of the row `after`; `batch` then counts windows and may be tens of thousands",
    )
    labels: Labels | None = Field(None, description="what a row with a loss that needs labels asks the annotator")
    steps: Count | None = Field(None, description="overrides `training.steps`")
    batch: Annotated[int, Field(ge=2)] | None = Field(None, description="overrides `training.batch`")
    gamma: Positive | None = Field(None, description="overrides `training.gamma`")
    clusters: Annotated[int, Field(ge=2)] | None = Field(
        None, description="overrides `network.clusters`; after a row with another number the cluster head starts anew"
    )

    @model_validator(mode="after")
    def _labels_if_classification(self):
        if bool(set(SUPERVISED) & set(self.losses)) != (self.labels is not None):
            raise ValueError(
                f"`labels` and the losses {' and '.join(SUPERVISED)} belong together; allowed is both or neither"
            )
        return self

    @model_validator(mode="after")
    def _only_clusters_if_frozen(self):
        if self.frozen and (self.after is None or set(self.losses) != {"clustering"} or self.augmentation):
            raise ValueError(
                f"frozen is true with the losses {', '.join(self.losses)}, after {self.after} and augmentation"
                f" {str(self.augmentation).lower()}; allowed is the loss clustering alone, after a row, without augmentation"
            )
        return self


class Classifier(Section):
    """The classifier that the shallow and the label-efficiency evaluation train on frozen embeddings."""

    units: Count = Field(512, description="hidden units")
    steps: Count = Field(300, description="Adam steps, the same for every embedding and strategy")
    batch: Count = Field(256, description="windows in a batch")
    learning_rate: Positive = Field(0.001, description="Adam's rate")


class LabelEfficiency(Section):
    """Mean average precision against labels asked."""

    models: Annotated[list[Name], Field(min_length=1)] = Field(
        ["stage3"], description="the rows whose embedding and clusters are used; the first is portrayed"
    )
    budgets: dict[Strategy, Annotated[list[Count], Field(min_length=1)]] = Field(
        {
            "random": [8, 16, 32, 64, 128, 256, 512],
            "cluster": [8, 16, 32, 64, 128],
            "cluster_unpropagated": [8, 16, 32, 64, 128],
        },
        description="strategy → numbers of labels asked; the all-labels ceiling is always drawn",
    )


class Evaluation(Section):
    """The three evaluations."""

    split: Literal["evaluation", "validation"] = Field(
        "evaluation", description="segments that are scored; `validation` is for tuning"
    )
    seeds: Annotated[list[int], Field(min_length=1)] = Field(
        [0, 1, 2],
        description="seeds of the draws; seed number i uses the network of training seed number i (mod their number)",
    )
    examples: Annotated[int, Field(ge=2)] | None = Field(
        100,
        description="query by example: segments with the class, and as many without, at most; null: all with it and all without it",
    )
    kmeans: Literal["scikit-learn", "faiss"] = Field(
        "scikit-learn", description="library of the k-means that cluster heads are compared with; faiss: extra `faiss`"
    )
    classifier: Classifier = Classifier()
    label_efficiency: LabelEfficiency = LabelEfficiency()


class Paper(Section):
    """What the target `paper` adds to what `all` makes: more seeds, rows and strategies."""

    seeds: Annotated[list[int], Field(min_length=1)] = Field(
        [0, 1, 2], description="training seeds of the targets `paper` and `sweeps`"
    )
    models: dict[Name, Model] = Field({}, description="further rows, as in `models`")
    budgets: dict[Strategy, Annotated[list[Count], Field(min_length=1)]] = Field(
        {}, description="strategies that `evaluation.label_efficiency.budgets` has not, as there"
    )

    @field_validator("models", mode="before")
    @classmethod
    def _drop_removed(cls, rows):
        return _without_null(rows)


class Sweep(Section):
    """One key of one row, set to one value after the other; all else stays."""

    model: Name = Field(description="the row that is varied")
    key: str = Field(description="what is varied: `delta_t`, `steps`, `batch`, `gamma`, `clusters`, `losses.<loss>`")
    values: Annotated[list[float], Field(min_length=1)] = Field(description="what it is set to")


class Config(Section):
    """Everything that makes an experiment. Files given with --configfile are merged over config/config.yaml."""

    experiment: Name = Field("synthetic", description="results go to results/<experiment>")
    data: Data = Data()
    synthetic: Synthetic = Synthetic()
    collage: Collage = Collage()
    audioset: AudioSet = AudioSet()
    folder: Folder = Folder()
    features: Features = Features()
    storage: Storage = Storage()
    network: Network = Network()
    training: Training = Training()
    models: dict[Name, Model] = Field(
        description="the curriculum: name → row; an overlay removes a row by setting it to null"
    )
    embeddings: dict[Name, str] = Field(
        {},
        description="name → file with vectors of another model, evaluated beside the rows: a .parquet table of segment_id, time, vector or a .npy array with a row per window",
    )
    evaluation: Evaluation = Evaluation()
    paper: Paper = Paper()
    sweeps: dict[Name, Sweep] = Field(
        {}, description="the target `sweeps`: name → sweep; an overlay removes one by setting it to null"
    )

    @field_validator("models", "sweeps", mode="before")
    @classmethod
    def _drop_removed(cls, items):
        return _without_null(items)

    @functools.cached_property
    def rows(self) -> dict[str, Model]:
        """All rows that can be trained: of `models`, of `paper.models`, and what the sweeps make of them."""
        rows = {**self.models, **self.paper.models}
        for name, sweep in self.sweeps.items():
            made = {
                row: _varied(rows[sweep.model], sweep.key, value, f"sweeps.{name}")
                for value, row in self.swept(name).items()
                if row != sweep.model
            }
            rows |= made
        return rows

    def swept(self, name: str) -> dict[float, str]:
        """Value → row of a sweep: the varied row where it has that value anyway, else one named `<sweep>-<value>`."""
        sweep = self.sweeps[name]
        rows = {**self.models, **self.paper.models}
        if sweep.model not in rows:
            raise ValueError(f"sweeps.{name}.model is {sweep.model!r}; allowed are {', '.join(rows)}")
        own = self.network.model_dump() | self.training.model_dump() | rows[sweep.model].model_dump(exclude_none=True)
        for part in sweep.key.split("."):
            own = own.get(part) if isinstance(own, dict) else None
        return {value: sweep.model if value == own else f"{name}-{value:g}" for value in sweep.values}

    @model_validator(mode="after")
    def _rows_fit_together(self):
        for name in (*self.models, *self.paper.models, *self.embeddings):
            sections = [part for part in (self.models, self.paper.models, self.embeddings) if name in part]
            if name == "log_mel" or len(sections) > 1:
                taken = "the baseline" if name == "log_mel" else "both a row and another row or an embedding"
                raise ValueError(f"the name {name} is taken by {taken}; allowed is any other name")
        sections = {name: "paper.models" if name in self.paper.models else "models" for name in self.rows}
        for name, row in self.rows.items():
            if row.after is not None and row.after not in self.rows:
                raise ValueError(f"{sections[name]}.{name}.after is {row.after!r}; allowed are {', '.join(self.rows)}")
        for name, row in self.rows.items():
            self._check_row(sections[name], name, row)
            if self.data.source == "folder" and row.labels is not None and row.labels.strategy == "all":
                raise ValueError(
                    f"{sections[name]}.{name}.labels.strategy is all, but data.source is folder, whose recordings have no"
                    " labels; allowed is a strategy with a budget, or null in the place of the row"
                )
        for sheet in self.folder.sheets:
            if Path(sheet).resolve().is_relative_to(Path("results").resolve()):
                raise ValueError(
                    f"folder.sheets holds {sheet}, which a run makes; allowed is a copy outside of results"
                )
        if self.data.source != "folder":  # whose labels nobody knows
            self._check_evaluation()
        return self

    def _check_evaluation(self):
        efficiency = self.evaluation.label_efficiency
        for name in efficiency.models:
            if name not in self.models:
                raise ValueError(
                    f"evaluation.label_efficiency.models holds {name!r}; allowed are {', '.join(self.models)}"
                )
            self._check_clusters("evaluation.label_efficiency.models", name)
        for key, budgets in (
            ("evaluation.label_efficiency.budgets", efficiency.budgets),
            ("paper.budgets", self.paper.budgets),
        ):
            for strategy in CLUSTER_STRATEGIES:
                for budget in budgets.get(strategy, []):
                    for name in efficiency.models:
                        self._check_budget(f"{key}.{strategy}", budget, name)

    def _check_row(self, section, name, row):
        seen, parent = {name}, row.after
        while parent is not None:
            if parent in seen:
                raise ValueError(
                    f"{section}.{name}.after leads back to {parent}; allowed is a chain that ends at a row without `after`"
                )
            seen.add(parent)
            parent = self.rows[parent].after
        try:
            overridden(self.network, row).factors  # noqa: B018
        except ValueError as error:
            raise ValueError(f"{section}.{name}.{error}") from None
        if row.labels is not None and row.labels.strategy in CLUSTER_STRATEGIES:
            self._check_clusters(f"{section}.{name}.after", row.after)
            self._check_budget(f"{section}.{name}.labels.budget", row.labels.budget, row.after)
        if row.labels is not None and row.labels.strategy in EMBEDDING_STRATEGIES and row.after is None:
            raise ValueError(
                f"{section}.{name}.after is null, but the strategy {row.labels.strategy} asks by an embedding; allowed are {', '.join(n for n in self.rows if n != name)}"
            )

    def _check_clusters(self, key, name):
        if name is None or "clustering" not in self.rows[name].losses:
            allowed = [n for n, row in self.rows.items() if "clustering" in row.losses]
            raise ValueError(
                f"{key} is {name!r}, which has no clustering loss; allowed are {', '.join(allowed) or 'none'}"
            )

    def _check_budget(self, key, budget, name):
        clusters = overridden(self.network, self.rows[name]).clusters
        if budget > clusters:
            raise ValueError(
                f"{key} is {budget}, more than the number of clusters of {name}; allowed is up to {clusters}"
            )


def overridden(section: Training | Network, row: Model) -> Training | Network:
    """The section with the values that a row sets in its place."""
    values = {name: getattr(row, name, None) for name in type(section).model_fields}
    return section.model_copy(update={name: value for name, value in values.items() if value is not None})


def _without_null(items):
    return {name: item for name, item in items.items() if item is not None} if isinstance(items, dict) else items


def _varied(row: Model, key: str, value: float, sweep: str) -> Model:
    """The row with another value of ``key``; ValueError names the sweep if it has no such key or value."""
    values = row.model_dump()
    first, _, last = key.partition(".")
    values[first] = {**values[first], last: value} if last and isinstance(values.get(first), dict) else value
    try:
        return Model.model_validate(values)
    except ValidationError as error:
        detail = error.errors()[0]
        raise ValueError(
            f"{sweep}: {key} = {value:g} is wrong ({detail['msg']}); allowed is what a row may have"
        ) from None


def load(values: dict, source: str = "the configuration") -> Config:
    """Validate nested ``values``; :class:`C3Error` names the first wrong key and what is allowed."""
    try:
        return Config.model_validate(values)
    except ValidationError as error:
        raise C3Error(_sentence(error.errors()[0], source)) from None


def _sentence(error: dict, source: str) -> str:
    """One pydantic error as a plain sentence."""
    location = [str(part) for part in error["loc"] if part != "[key]"]
    key = ".".join(location)
    if error["type"] == "extra_forbidden":
        return f"{source}: unknown key `{key}`; allowed are {', '.join(_keys(location[:-1]))}."
    if error["type"] == "value_error":
        return f"{source}: {key + ': ' if key else ''}{error['ctx']['error']}."
    if error["type"] == "missing":
        return f"{source}: key `{key}` is missing."
    return f"{source}: key `{key}` is {error['input']!r}; allowed: {error['msg'].removeprefix('Input should be ')}."


def _section_of(annotation) -> type[Section] | None:
    """The Section inside an annotation such as ``dict[Name, Model]`` or ``Labels | None``."""
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        return annotation if issubclass(annotation, Section) else None
    found = (_section_of(part) for part in typing.get_args(annotation))
    return next((section for section in found if section), None)


def _keys(location: list[str]) -> list[str]:
    """The keys allowed at a place of the configuration."""
    section: type[Section] = Config
    for part in location:
        field = section.model_fields.get(part)
        section = _section_of(field.annotation) or section if field else section
    return list(section.model_fields)


def schema() -> str:
    """The JSON Schema, as committed in config/schema.json."""
    return json.dumps(Config.model_json_schema(), indent=2, ensure_ascii=False) + "\n"


def reference() -> str:
    """The reference of every key, as committed in config/README.md."""
    lines = [
        "# Configuration",
        "",
        "`config.yaml` is the default. Overlays are merged over it: `snakemake --configfile config/esc10.yaml --cores 8 all`.",
        "Written by `python -m c3.config` from the types in `c3/config.py`; a test keeps it in step.",
    ]

    def describe(section: type[Section], prefix: str) -> None:
        nested = []
        lines.extend(
            [
                "",
                f"## {prefix.rstrip('.') or 'Top level'}",
                "",
                _first_line(section),
                "",
                "| key | default | meaning |",
                "|---|---|---|",
            ]
        )
        for name, field in section.model_fields.items():
            child = _section_of(field.annotation)
            if child:
                mapped = typing.get_origin(field.annotation) is dict
                nested.append((child, f"{prefix}{name}.{'<name>.' if mapped else ''}"))
            if not child or field.description:
                default = (
                    "required"
                    if field.is_required()
                    else "see below"
                    if child
                    else f"`{json.dumps(field.default, ensure_ascii=False)}`"
                )
                meaning = re.sub(r"\|", "\\|", field.description or "")
                lines.append(f"| `{prefix}{name}` | {default} | {meaning} |")
        for child, child_prefix in nested:
            describe(child, child_prefix)

    describe(Config, "")
    return "\n".join(lines) + "\n"


def _first_line(section: type[Section]) -> str:
    return (section.__doc__ or "").strip().splitlines()[0]


if __name__ == "__main__":
    folder = Path(__file__).parent.parent / "config"
    (folder / "schema.json").write_text(schema())
    (folder / "README.md").write_text(reference())
