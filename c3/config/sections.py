"""The sections of the configuration: every key, its type, its default and what it means.

What can be judged within a section is judged here; what takes several, in :mod:`c3.config.experiment`.
"""

from __future__ import annotations

import math
import types
import typing
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

UnsupervisedLoss = Literal["audio_visual", "audio_audio", "clustering", "triplet_proximity"]
SupervisedLoss = Literal["classification", "triplet_labels"]
Loss = Literal[UnsupervisedLoss, SupervisedLoss]
UNSUPERVISED, SUPERVISED = typing.get_args(UnsupervisedLoss), typing.get_args(SupervisedLoss)
PAIRS = {"audio_visual", "audio_audio", "triplet_proximity"}
"""losses of two items that lie within ΔT of each other"""
ASKS_BY = {
    "all": (),
    "random": (),
    "cluster": ("clusters",),
    "cluster_unpropagated": ("clusters",),
    "cluster_merged": ("clusters", "embeddings"),
    "cluster_cover": ("clusters", "embeddings"),
    "kmeans": ("embeddings",),
    "medoid": ("embeddings",),
    "typiclust": ("embeddings",),
    "core_set": ("embeddings",),
    "centres": ("embeddings",),
    "spread": ("embeddings",),
    "mismatch_first": ("embeddings",),
}
"""label strategy → what it asks by: the clusters of the network, distances between embeddings, both or neither"""
Strategy = Literal[tuple(ASKS_BY)]
CLUSTER_STRATEGIES = tuple(name for name, parts in ASKS_BY.items() if "clusters" in parts)
EMBEDDING_STRATEGIES = tuple(name for name, parts in ASKS_BY.items() if "embeddings" in parts)
MadeSource = Literal["synthetic", "collage"]
FoundSource = Literal["audioset", "benchmark", "folder"]
Source = Literal[MadeSource, FoundSource]
MADE = typing.get_args(MadeSource)
"""the sources whose media a job makes"""
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, lt=1)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_]+$")]


def _each_once(items: list) -> list:
    """ValueError if an item stands twice: what it asks for would be made and counted twice."""
    twice = next((item for place, item in enumerate(items) if item in items[:place]), None)
    if twice is not None:
        raise ValueError(f"{twice!r} stands twice; allowed is each once")
    return items


Names = Annotated[list[Name], AfterValidator(_each_once)]
Strategies = Annotated[list[Strategy], AfterValidator(_each_once)]
Budgets = Annotated[list[Count], Field(min_length=1), AfterValidator(_each_once)]
Seeds = Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1), AfterValidator(_each_once)]


def _listed(allowed) -> str:
    """The values of a Literal, for a description."""
    return ", ".join(f"`{value}`" for value in typing.get_args(allowed))


class Section(BaseModel):
    """A part of the configuration: frozen, and closed to keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Data(Section):
    """Where the segments come from, and how they are split."""

    source: Source = Field(
        "synthetic",
        description=f"which of the sections of these names makes the manifest: {_listed(Source)}",
    )
    validation_share: Share = Field(
        0.1,
        description="share of the training recordings held out for the histories and for tuning; never trained on",
    )
    max_quarantined: Annotated[float, Field(ge=0, le=1)] = Field(
        0.05, description="the run stops if more than this share of the segments that have media cannot be used"
    )
    seed: Annotated[int, Field(ge=0)] = Field(
        0, description="seed of the simulation, the collage, the validation split and `audioset.sample`"
    )
    licence: str | None = Field(
        None, description="licence of the recordings, said in the cards of the networks that are made from them"
    )


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
    sounds_per_segment: Count | None = Field(None, description="overrides `collage.sounds_per_segment`")
    segments_per_recording: Count | None = Field(None, description="overrides `collage.segments_per_recording`")
    train_segments: Count | None = Field(None, description="training segments, at most; null: all there are")


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
    evaluation: str | Annotated[float, Field(gt=0, lt=1)] = Field(
        r"^5-",
        description="regular expression on the file name of the evaluation recordings; or the share of each class's files, whole recordings drawn by the seed",
    )
    sounds_per_segment: Count = Field(1, description="sound files of one recording strung together to a segment")
    segments_per_recording: Count | None = Field(
        None, description="segments drawn from each recording; null: each sound file is used once"
    )
    evaluation_segments: Count | None = Field(
        None, description="evaluation segments of each class, at most; null: all there are"
    )


class AudioSet(Section):
    """The official AudioSet files, those of its kin, or your own in one of their formats."""

    train: list[str] = Field(
        [], description="lists of the segments of the training set: CSV, or another of docs/data.md"
    )
    evaluation: list[str] = Field([], description="lists of the segments of the evaluation set")
    class_labels: str = Field("", description="class_labels_indices.csv")
    media: str = Field(
        "",
        description="folder with the media, named by id as downloaders do, or with packs of them: docs/data.md; or one in a store, `s3://…`",
    )
    classes: Annotated[list[str], AfterValidator(_each_once)] = Field(
        [],
        description="MIDs or names of the only classes to use, or nodes of the ontology with all below them; empty: all classes",
    )
    ontology: str | None = Field(None, description="ontology.json, for nodes in `classes`")
    sample: Count | None = Field(
        None,
        description="so many training segments that have media, and as many evaluation segments, drawn by `data.seed` and stratified by class; null: all",
    )


class Benchmark(Section):
    """A data set with official folds or an official split, read from its own tables: ESC-50, UrbanSound8K, FSD50K."""

    train: list[str] = Field([], description="the tables of all folds, or of the training part, as they are published")
    evaluation: list[str] = Field([], description="the tables of the evaluation part; empty with `folds`")
    media: str = Field(
        "", description="folder with the clips, in folders or not, or with packs of them; or one in a store, `s3://…`"
    )
    folds: Annotated[list[int], AfterValidator(_each_once)] = Field(
        [],
        description="folds of `train`, held out one after the other by the target `folds`, each in results/<experiment>/fold-<fold>; other targets hold out the first",
    )


class Folder(Section):
    """Your own recordings, of any length and without labels."""

    root: str = Field(
        "recordings",
        description="folder with the recordings, in folders or not; or one in a store, `s3://…`: docs/run-anywhere.md",
    )
    segment_seconds: Positive = Field(
        10.0, description="length of the segments that recordings are cut into; a label is about one segment"
    )
    recording_seconds: Positive = Field(
        60.0,
        description="length of the parts of a longer file, of which each counts as a recording; the segment between two is not learnt from, so that no pair of two parts is close in time",
    )
    sheets: list[str] = Field(
        [],
        description="sheets that you have filled in and moved elsewhere, or tables of Raven, Audacity or Label Studio; what they answer is not asked again",
    )


class Recognise(Section):
    """New recordings, of which nothing is learnt: what the rows with the loss `classification` hear in them."""

    root: str | None = Field(None, description="folder with new recordings, in folders or not; null: none")


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

    trunk: Literal["resnet10", "resnet50"] | None = Field(
        "resnet10",
        description="resnet50 is the paper's; resnet10 (0.3 M parameters) is for CPUs; null: heads alone, which a row `after` an embedding gets by itself",
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
    """What all rows share."""

    delta_t: Annotated[float, Field(ge=0)] = Field(
        10.0,
        description="ΔT in seconds: pairs of one recording at most this far apart are positive; 0: window and frame overlap",
    )
    steps: Count = Field(1000, description="optimizer steps of a row, unless the row says otherwise")
    batch: Annotated[int, Field(ge=2)] = Field(64, description="B, pairs in a batch, each from another recording")
    learning_rate: Positive = Field(
        0.001, description="Adam's initial rate; it falls to zero along a cosine within each row"
    )
    gamma: Positive = Field(1.1, description="γ, weight of the entropy of the mean assignment in the clustering loss")
    precision: Literal["float32", "mixed_bfloat16"] = Field(
        "float32",
        description="numbers that a step computes with: `mixed_bfloat16` is for GPUs that have it; weights, embeddings and losses stay float32",
    )
    evaluate_every: Count = Field(100, description="steps between two rows of the history and between two checkpoints")
    held_out_pairs: Annotated[int, Field(ge=2)] = Field(
        128,
        description="held-out pairs that the history's AUC and entropies are measured on (at most one per recording)",
    )
    seeds: Seeds = Field([0], description="seeds; every row is trained once for each")


class Labels(Section):
    """The labels that a row pays for."""

    strategy: Strategy = Field(
        "cluster", description="how the segments to be labelled are chosen: one of the table in docs/method.md"
    )
    budget: Count | None = Field(
        None, description="labels asked for, each one the annotation of one segment; null with the strategy `all`"
    )
    batch: Count | None = Field(
        None,
        description="labels asked for at once: of own recordings the rows of a sheet, after which the next one knows the answers; null: the whole budget",
    )

    @model_validator(mode="after")
    def _budget_unless_all(self):
        if (self.budget is None) != (self.strategy == "all"):
            raise ValueError(
                f"budget is {self.budget} with the strategy {self.strategy}; allowed is a number, or null with the strategy all"
            )
        return self


class Row(Section):
    """One row of the curriculum: which losses, starting from which row."""

    after: Name | None = Field(
        None,
        description="the row whose weights this one starts from, or, of a frozen row, one of `embeddings`; null: random weights",
    )
    losses: Annotated[dict[Loss, Positive], Field(min_length=1)] = Field(
        description=f"loss → weight; losses: {_listed(Loss)} (docs/method.md)"
    )
    coincidence: Literal["binary", "softmax"] = Field(
        "binary",
        description="how the logits of all pairs of a batch are scored: each by itself, as in the paper; or `softmax`, which of the batch belongs to which (InfoNCE), with the cosine of the embeddings beside the head",
    )
    augmentation: bool = Field(
        False,
        description="give each training window another pitch, microphone, distance and background, and leave parts of it out (not in the paper)",
    )
    frozen: bool = Field(
        False,
        description="train only the heads, on the stored embeddings of `after`; `batch` then counts windows and may be tens of thousands",
    )
    alone_from: Count | None = Field(
        None,
        description="so many labelled segments or more, and the loss classification is trained alone: few labels need the losses without labels beside it, many are held back by them",
    )
    propagated: bool = Field(
        False,
        description="classification learns, too, from what follows from the labels for segments that nobody was asked about, along a graph of nearest neighbours of the embedding that the row starts from (`c3/labels/propagation.py`)",
    )
    labels: Labels | None = Field(None, description="what a row with a loss that needs labels asks the annotator")
    delta_t: Annotated[float, Field(ge=0)] | None = Field(None, description="overrides `training.delta_t`")
    steps: Count | None = Field(None, description="overrides `training.steps`")
    as_long_as: Name | None = Field(
        None,
        description="another row: this one takes as many steps as that one and all it starts from, less those that its own start has had; in the place of `steps`",
    )
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

    def with_labels(self, segments: int) -> Row:
        """The row as it is trained with so many labelled segments."""
        if self.alone_from is None or segments < self.alone_from:
            return self
        return self.model_copy(update={"losses": {"classification": self.losses["classification"]}})

    @model_validator(mode="after")
    def _alone_if_classification(self):
        if self.alone_from is not None and "classification" not in self.losses:
            raise ValueError(f"alone_from is {self.alone_from} without the loss classification; allowed is null")
        return self

    @model_validator(mode="after")
    def _propagated_by_an_embedding(self):
        with_labels = set(SUPERVISED) & set(self.losses)
        if self.propagated and (with_labels != {"classification"} or self.after is None):
            raise ValueError(
                f"propagated is true with the losses {', '.join(self.losses)}, after {self.after}; allowed is, of the losses with labels, classification alone, after a row or an embedding"
            )
        return self

    @model_validator(mode="after")
    def _steps_said_once(self):
        if self.steps is not None and self.as_long_as is not None:
            raise ValueError(
                f"steps is {self.steps} and as_long_as is {self.as_long_as}; allowed is one of them, or neither"
            )
        return self

    @model_validator(mode="after")
    def _only_heads_if_frozen(self):
        of_heads = {"clustering", "classification"}
        if self.frozen and (self.after is None or set(self.losses) - of_heads or self.augmentation):
            raise ValueError(
                f"frozen is true with the losses {', '.join(self.losses)}, after {self.after} and augmentation"
                f" {str(self.augmentation).lower()}; allowed are the losses clustering and classification, after a row or an embedding, without augmentation"
            )
        return self


class Classifier(Section):
    """The classifier that the shallow and the label-efficiency evaluation train on frozen embeddings."""

    units: Count = Field(512, description="hidden units")
    steps: Count = Field(300, description="Adam steps, the same for every embedding and strategy")
    batch: Count = Field(256, description="windows in a batch")
    learning_rate: Positive = Field(0.001, description="Adam's rate")


class Embedding(Section):
    """Vectors that no row learns: read from a file, or made by a model that was trained elsewhere."""

    vectors: str | None = Field(
        None,
        description="file with vectors: a .parquet table of segment_id, time, vector, or a .npy array with a row per window",
    )
    encoder: Annotated[str, Field(pattern=r"^(birdnet|hear:.+|.+\.keras)$")] | None = Field(
        None,
        description="who makes the vectors: `birdnet` (2.4, extra `birdnet`, weights CC BY-NC-SA 4.0), `hear:<module>` with the HEAR interface, or a network of C3, `<path>.keras`",
    )
    weights: str | None = Field(None, description="file of weights for an encoder `hear:<module>`")

    @model_validator(mode="after")
    def _one_source(self):
        if (self.vectors is None) == (self.encoder is None):
            raise ValueError(
                f"vectors is {self.vectors!r} and encoder is {self.encoder!r}; allowed is exactly one of them"
            )
        if self.weights is not None and not (self.encoder or "").startswith("hear:"):
            raise ValueError(f"weights is {self.weights!r}; allowed is none, or an encoder hear:<module>")
        return self


class LabelEfficiency(Section):
    """Mean average precision against labels asked."""

    models: Names = Field(
        [],
        description="the rows whose embedding and clusters are used, or names of `embeddings`; `log_mel`: random segments on the features themselves; the first that learns clusters is portrayed; empty: no label efficiency",
    )
    systems: Names = Field(
        [],
        description="sweeps of `labels.budget`: whole networks, each trained with so many labels; the others are compared with the first",
    )
    strategies: Strategies = Field(
        ["random"],
        description="how the segments to be labelled are chosen; one that asks by clusters is left out for a row that learns none; all labels, and the `ceiling` of who knows the true classes, are always drawn beside",
    )
    budgets: Budgets = Field([8, 16, 32, 64], description="numbers of labels asked")
    batch: Count | None = Field(
        None,
        description="labels asked at once by the strategies that learn from the answers so far; null: the whole budget",
    )
    budgets_of: dict[Strategy, Budgets] = Field(
        {}, description="strategy → numbers of labels, in the place of `budgets`"
    )

    @field_validator("strategies")
    @classmethod
    def _not_all(cls, strategies):
        if "all" in strategies:
            raise ValueError("it holds 'all'; allowed are the others, as the all-labels ceiling is always drawn")
        return strategies


class Evaluation(Section):
    """The three evaluations."""

    split: Literal["evaluation", "validation"] = Field(
        "evaluation", description="segments that are scored; `validation` is for tuning"
    )
    seeds: Seeds = Field(
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
    """What the target `paper` adds to what `all` makes, and what the target `sweeps` makes."""

    seeds: Seeds = Field([0, 1, 2], description="training seeds of the targets `paper` and `sweeps`")
    models: Names = Field([], description="further rows of `rows`")
    strategies: Strategies = Field([], description="further label strategies")
    sweeps: Names = Field([], description="the sweeps of `sweeps` that the target of that name makes")


class Sweep(Section):
    """One key of one row, set to one value after the other; all else stays."""

    model: Name = Field(description="the row that is varied")
    key: str = Field(
        description="what is varied: `delta_t`, `steps`, `batch`, `gamma`, `clusters`, `losses.<loss>`, `labels.budget`"
    )
    values: Annotated[list[float], Field(min_length=1), AfterValidator(_each_once)] = Field(
        description="what it is set to"
    )


def section_of(annotation) -> type[Section] | None:
    """The Section inside an annotation such as ``dict[Name, Model]`` or ``Labels | None``."""
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        return annotation if issubclass(annotation, Section) else None
    found = (section_of(part) for part in typing.get_args(annotation))
    return next((section for section in found if section), None)
