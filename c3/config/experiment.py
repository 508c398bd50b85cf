"""The whole configuration: which rows an experiment trains, and whether they fit together and fit the data."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple, TypeVar

from pydantic import Field, ValidationError, model_validator

from c3.config.sections import (
    CLUSTER_STRATEGIES,
    EMBEDDING_STRATEGIES,
    PAIRS,
    SUPERVISED,
    AudioSet,
    Benchmark,
    Collage,
    Data,
    Embedding,
    Evaluation,
    Features,
    Folder,
    Name,
    Names,
    Network,
    Paper,
    Recognise,
    Row,
    Section,
    Storage,
    Strategy,
    Sweep,
    Synthetic,
    Training,
)
from c3.errors import C3Error

Part = TypeVar("Part", Training, Network)


class Extent(NamedTuple):
    """How much there is to learn from; None is not known yet. ``source`` says who says so."""

    source: str
    segment_seconds: float | None = None
    """length of the longest training segment"""
    segments: int | None = None
    recordings: int | None = None
    pictured: int | None = None
    """recordings with pictures"""
    windows: int | None = None


class Config(Section):
    """Everything that makes an experiment. Files given with --configfile are merged over the shipped ones."""

    experiment: Name = Field("synthetic", description="results go to results/<experiment>")
    data: Data = Data()
    synthetic: Synthetic = Synthetic()
    collage: Collage = Collage()
    audioset: AudioSet = AudioSet()
    benchmark: Benchmark = Benchmark()
    folder: Folder = Folder()
    recognise: Recognise = Recognise()
    features: Features = Features()
    storage: Storage = Storage()
    network: Network = Network()
    training: Training = Training()
    rows: dict[Name, Row] = Field({}, description="the library: name → row of the curriculum")
    models: Names = Field(
        [],
        description="the rows of the library that `all` trains and evaluates, in the order of the tables; what they start from is trained with them",
    )
    embeddings: dict[Name, Embedding] = Field(
        {},
        description="name → vectors that no row learns; evaluated beside the rows, and what frozen rows may start from",
    )
    evaluation: Evaluation = Evaluation()
    paper: Paper = Paper()
    sweeps: dict[Name, Sweep] = Field({}, description="the library of sweeps: name → sweep")

    @property
    def fold(self) -> int | None:
        """The fold that is held out; None of data without folds."""
        return next(iter(self.benchmark.folds), None) if self.data.source == "benchmark" else None

    def row(self, name: str) -> Row:
        """A row of the library, or one that a sweep makes, named `<sweep>-<value>`."""
        if name in self.rows:
            return self.rows[name]
        sweep, _, value = name.partition("-")
        return _varied(self.rows[self.sweeps[sweep].model], self.sweeps[sweep].key, float(value), f"sweeps.{sweep}")

    def training_of(self, name: str) -> Training:
        """The section `training` with what a row sets in its place."""
        return _overridden(self.training, self.row(name)).model_copy(update={"steps": self._steps(name)})

    def steps_in_all(self, name: str) -> int:
        """Optimizer steps that the trunks of a row have had at its end, with those of the rows it starts from."""
        return sum(0 if self.row(each).frozen else self._steps(each) for each in self.chain(name))

    def _steps(self, name: str) -> int:
        row = self.row(name)
        if row.as_long_as is None:
            return row.steps or self.training.steps
        before = self.chain(name)[1:2]  # none, of a row that starts from random weights or an embedding
        return self.steps_in_all(row.as_long_as) - sum(map(self.steps_in_all, before))

    def network_of(self, name: str) -> Network:
        """The section `network` with what a row sets in its place; heads alone, where its chain starts at an embedding."""
        network = _overridden(self.network, self.row(name))
        return network if self.row(self.chain(name)[-1]).after is None else network.model_copy(update={"trunk": None})

    def learn(self, names: Iterable[str], loss: str) -> list[str]:
        """Those of the rows that are trained with a loss; an embedding that no row learns is trained with none."""
        rows = [name for name in names if name != "log_mel" and name not in self.embeddings]
        return [name for name in rows if loss in self.row(name).losses]

    def chain(self, name: str) -> list[str]:
        """A row and all rows that it starts from, the first last."""
        chain = [name]
        while (after := self.row(chain[-1]).after) is not None and after not in self.embeddings:
            chain.append(after)
        return chain

    def swept(self, name: str) -> dict[float, str]:
        """Value → row of a sweep: the varied row where it has that value anyway, else one named `<sweep>-<value>`.

        Raises :class:`C3Error` for a sweep that the rows do not allow; checked when asked for, as few ask.
        """
        if name not in self.sweeps:
            raise C3Error(f"There is no sweep {name!r}; allowed are {', '.join(self.sweeps)}.")
        sweep = self.sweeps[name]
        if sweep.model not in self.rows:
            raise C3Error(f"sweeps.{name}.model is {sweep.model!r}; allowed are {', '.join(self.rows)}.")
        own = self.network_of(sweep.model).model_dump() | self.training_of(sweep.model).model_dump()
        own = self.rows[sweep.model].model_dump(exclude_none=True) | own
        for part in sweep.key.split("."):
            own = own.get(part) if isinstance(own, dict) else None
        rows = {value: sweep.model if value == own else f"{name}-{value:.15g}" for value in sweep.values}
        for row in rows.values():
            try:
                self._check_row(row, self.row(row))
                self._check_extent(row, self.known())
            except ValueError as error:
                raise C3Error(f"sweeps.{name}: {error}.") from None
        return rows

    def systems(self) -> list[str]:
        """The rows of `evaluation.label_efficiency.systems`, a network for each number of labels; none without models.

        Raises :class:`C3Error` as :meth:`swept` does, and for sweeps of something else.
        """
        named = self.evaluation.label_efficiency.systems if self.evaluation.label_efficiency.models else []
        fit = [name for name, sweep in self.sweeps.items() if sweep.key == "labels.budget"]
        for name in named:
            if name not in fit or not self.learn([self.sweeps[name].model], "classification"):
                raise C3Error(
                    f"evaluation.label_efficiency.systems holds {name!r}; allowed are sweeps of labels.budget of a row"
                    f" with the loss classification: {', '.join(fit) or 'none'}."
                )
        return list(dict.fromkeys(row for name in named for row in self.swept(name).values()))

    def budgets(self, strategy: Strategy) -> list[int]:
        """Numbers of labels asked by a strategy."""
        efficiency = self.evaluation.label_efficiency
        return efficiency.budgets_of.get(strategy, efficiency.budgets)

    def known(self) -> Extent:
        """What is known of the data before any is read."""
        if self.data.source == "synthetic":
            count, seconds = self.synthetic.train_segments, self.synthetic.seconds
            windows = count * int(seconds / self.features.window_seconds)
            return Extent("synthetic.train_segments", seconds, count, count, count, windows)
        if self.data.source == "folder":
            return Extent("folder.segment_seconds", self.folder.segment_seconds)
        return Extent("")

    def check(self, extent: Extent) -> None:
        """:class:`C3Error` if a row that `all` or `paper` trains needs more than there is to learn from."""
        systems = self._with_starts(self.systems())
        for key, names in (("", self._trained()), ("evaluation.label_efficiency.systems: ", systems)):
            try:
                for name in names:
                    self._check_extent(name, extent)
            except ValueError as error:
                raise C3Error(f"{key}{error}.") from None

    def _trained(self) -> list[str]:
        """The rows of `models` and `paper.models`, and those that they start from."""
        return self._with_starts([*self.models, *self.paper.models])

    def _with_starts(self, named: list[str]) -> list[str]:
        """Rows, each behind those that it starts from."""
        return list(dict.fromkeys(name for row in named for name in reversed(self.chain(row))))

    @model_validator(mode="after")
    def _fits_together(self):
        self._check_names()
        for name, row in self.rows.items():
            self._check_chain(name, row)
        for name, row in self.rows.items():
            self._check_length(name, row)
        for name in self._trained():
            self._check_row(name, self.rows[name])
            self._check_extent(name, self.known())
        self._check_data()
        self._check_evaluation()
        return self

    def _check_names(self):
        for name in (*self.rows, *self.embeddings):
            if name == "log_mel" or (name in self.rows and name in self.embeddings):
                taken = "the baseline" if name == "log_mel" else "both a row and an embedding"
                raise ValueError(f"the name {name} is taken by {taken}; allowed is any other name")
        for key, names in (("models", self.models), ("paper.models", self.paper.models)):
            for name in names:
                if name not in self.rows:
                    raise ValueError(f"{key} holds {name!r}; allowed are the rows {', '.join(self.rows)}")

    def _check_chain(self, name, row):
        seen, parent = {name}, row.after
        while parent is not None:
            if parent in self.embeddings:
                break
            if parent not in self.rows:
                allowed = ", ".join([*self.rows, *self.embeddings])
                raise ValueError(f"rows.{name}.after is {row.after!r}; allowed are {allowed}")
            if parent in seen:
                raise ValueError(
                    f"rows.{name}.after leads back to {parent}; allowed is a chain that ends at a row without `after`"
                )
            seen.add(parent)
            parent = self.rows[parent].after
        if parent is not None and not row.frozen:
            raise ValueError(
                f"rows.{name} starts from the embedding {parent}, which has no network to train on; allowed is frozen: true"
            )

    def _check_length(self, name, row):
        """ValueError unless ``as_long_as`` leaves this row steps; it may not lead to a row that follows another."""
        if row.as_long_as is None:
            return
        key, leads = f"rows.{name}.as_long_as", row.as_long_as
        fixed = [other for other, each in self.rows.items() if each.as_long_as is None and not each.frozen]
        if leads not in self.rows or any(self.rows[each].as_long_as for each in self.chain(leads)):
            raise ValueError(f"{key} is {leads!r}; allowed is a row that follows no other's length: {', '.join(fixed)}")
        if self._steps(name) < 1:
            raise ValueError(
                f"{key} is {leads}, which has {self.steps_in_all(leads)} steps in all, but {row.after}, which {name}"
                f" starts from, has had {self.steps_in_all(row.after)}; allowed is a row with more"
            )

    def _check_row(self, name, row):
        try:
            self.network_of(name).factors  # noqa: B018
        except ValueError as error:
            raise ValueError(f"rows.{name}.{error}") from None
        if self.features.frame_pixels < 32 and self.network.trunk == "resnet50":
            raise ValueError(
                f"features.frame_pixels is {self.features.frame_pixels} with network.trunk resnet50; allowed is 32 or more"
            )
        if self.data.validation_share == 0:
            raise ValueError(
                f"data.validation_share is 0, but the row {name} is trained, and measured on held-out recordings;"
                " allowed is a share above 0"
            )
        if row.labels is None:
            return
        if self.data.source == "folder" and row.labels.strategy == "all":
            raise ValueError(
                f"rows.{name}.labels.strategy is all, but data.source is folder, whose recordings have no labels;"
                " allowed is a strategy with a budget, or models without this row"
            )
        if row.labels.strategy in CLUSTER_STRATEGIES:
            self._check_clusters(f"rows.{name}.after", row.after)
            if self.data.source != "folder":  # of own recordings others are asked about as well
                self._check_budget(f"rows.{name}.labels.budget", row.labels.budget, row.after)
        if row.labels.strategy in EMBEDDING_STRATEGIES and row.after is None:
            raise ValueError(
                f"rows.{name}.after is null, but the strategy {row.labels.strategy} asks by an embedding;"
                f" allowed are {', '.join(other for other in self.rows if other != name)}"
            )

    def _check_extent(self, name, extent: Extent):
        """ValueError if a row needs more than there is."""
        row, training = self.row(name), self.training_of(name)
        longest, windows = extent.segment_seconds, extent.windows
        if longest is not None and longest < self.features.window_seconds:
            raise ValueError(
                f"{extent.source}: the longest training segment has {longest:g} s; allowed is a window or more,"
                f" {self.features.window_seconds:g} s"
            )
        if (
            longest is not None
            and PAIRS & set(row.losses)
            and training.delta_t > longest + self.features.stft_hop_seconds
        ):
            key = "training.delta_t" if row.delta_t is None else f"rows.{name}.delta_t"
            raise ValueError(
                f"{key} is {training.delta_t:g} s, longer than every segment ({extent.source}); allowed is up to"
                f" {longest:g}, within which both items of a pair lie"
            )
        with_pictures = "audio_visual" in row.losses
        recordings = extent.pictured if with_pictures else extent.recordings
        if (
            not row.frozen
            and set(row.losses) - set(SUPERVISED)
            and recordings is not None
            and recordings < training.batch
        ):
            key = "training.batch" if row.batch is None else f"rows.{name}.batch"
            raise ValueError(
                f"{key} is {training.batch}, but there are {recordings} training recordings"
                f"{' with pictures' if with_pictures else ''} ({extent.source}), and each pair of a batch is of another;"
                " allowed is at most that"
            )
        clusters = self.network_of(name).clusters
        if "clustering" in row.losses and windows is not None and windows < clusters:
            key = "network.clusters" if row.clusters is None else f"rows.{name}.clusters"
            raise ValueError(
                f"{key} is {clusters}, but there are {windows} training windows ({extent.source}); allowed is at most that"
            )
        budget = row.labels.budget if row.labels else None
        asked_by_people = self.data.source == "folder"  # any segment, and each where the budget is more
        if budget is not None and not asked_by_people and extent.segments is not None and extent.segments < budget:
            raise ValueError(
                f"rows.{name}.labels.budget is {budget}, but there are {extent.segments} training segments"
                f" ({extent.source}); allowed is at most that"
            )

    def _check_data(self):
        if self.data.source == "benchmark" and bool(self.benchmark.evaluation) == bool(self.benchmark.folds):
            raise ValueError(
                f"benchmark.evaluation is {self.benchmark.evaluation} and benchmark.folds is {self.benchmark.folds};"
                " allowed is exactly one of them"
            )
        for sheet in self.folder.sheets:
            if Path(sheet).resolve().is_relative_to(Path("results").resolve()):
                raise ValueError(
                    f"folder.sheets holds {sheet}, which a run makes; allowed is a copy outside of results"
                )
        for name in self.learn(self.models, "classification") if self.recognise.root else []:
            start = self.embeddings.get(self.row(self.chain(name)[-1]).after)
            if start and start.vectors:
                raise ValueError(
                    f"recognise.root is {self.recognise.root}, but the row {name} takes the vectors in {start.vectors},"
                    " which new recordings do not have; allowed is a row that starts from an encoder or learns itself"
                )
        if self.evaluation.split == "validation" and self.data.validation_share == 0:
            raise ValueError(
                "evaluation.split is validation with data.validation_share 0; allowed is evaluation, or a share above 0"
            )

    def _check_evaluation(self):
        efficiency, key = self.evaluation.label_efficiency, "evaluation.label_efficiency"
        allowed = [*self.models, *self.embeddings, "log_mel"]
        for name in efficiency.models:
            if name not in allowed:
                raise ValueError(f"{key}.models holds {name!r}; allowed are {', '.join(allowed)}")
        if efficiency.models and self.data.source == "folder":
            raise ValueError(f"{key}.models is {efficiency.models}, but own recordings have no labels; allowed is []")
        clustered = self.learn(efficiency.models, "clustering")
        for place, strategies in (
            (f"{key}.strategies", efficiency.strategies),
            ("paper.strategies", self.paper.strategies),
        ):
            for strategy in strategies:
                if strategy not in CLUSTER_STRATEGIES or not efficiency.models:
                    continue
                if not clustered:
                    allowed = [s for s in strategies if s not in CLUSTER_STRATEGIES]
                    raise ValueError(
                        f"{place} holds {strategy!r}, which asks by clusters, but none of {', '.join(efficiency.models)}"
                        f" has a clustering loss; allowed are {', '.join(allowed or ['random'])}, or another of {key}.models"
                    )
                for budget in self.budgets(strategy):
                    for name in clustered:
                        where = "budgets_of." + strategy if strategy in efficiency.budgets_of else "budgets"
                        self._check_budget(f"{key}.{where}", budget, name)

    def _check_clusters(self, key, name):
        if name not in self.rows or "clustering" not in self.rows[name].losses:
            allowed = self.learn(self.rows, "clustering")
            raise ValueError(
                f"{key} is {name!r}, which has no clustering loss; allowed are {', '.join(allowed) or 'none'}"
            )

    def _check_budget(self, key, budget, name):
        clusters = self.network_of(name).clusters
        if budget > clusters:
            raise ValueError(
                f"{key} is {budget}, more than the number of clusters of {name}; allowed is up to {clusters}"
            )


def _overridden(section: Part, row: Row) -> Part:
    """The section with the values that a row sets in its place."""
    values = {name: getattr(row, name, None) for name in type(section).model_fields}
    return section.model_copy(update={name: value for name, value in values.items() if value is not None})


def _varied(row: Row, key: str, value: float, sweep: str) -> Row:
    """The row with another value of ``key``; :class:`C3Error` names the sweep if it has no such key or value."""
    values = row.model_dump()
    first, _, last = key.partition(".")
    values[first] = {**values[first], last: value} if last and isinstance(values.get(first), dict) else value
    if key == "steps":  # in the place of another row's length
        values["as_long_as"] = None
    try:
        return Row.model_validate(values)
    except ValidationError as error:
        detail = error.errors()[0]
        raise C3Error(
            f"{sweep}: {key} = {value:g} is wrong ({detail['msg']}); allowed is what a row may have."
        ) from None
