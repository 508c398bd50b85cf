"""What models and strategies are called in figures and tables, and in which order they stand there."""

from __future__ import annotations

from collections.abc import Iterable

from c3.evaluation import TOPLINES, topline_of

MODELS = {
    "log_mel": "Baseline\nlog-mel features",
    "topline": "Topline\nfully supervised triplets",
    "correspondence": "AV correspondence\n(Look, Listen and Learn)",
    "proximity": "Temporal proximity\ntriplets",
    "audio_audio": "Audio–audio coincidence\nalone",
    "clusters": "Audio–audio coincidence\n+ clustering",
    "classes": "Audio–audio coincidence\n+ clustering, consolidation",
    "stage1": "Stage 1\nAV coincidence",
    "stage1_to_2": "Stage 1 as long as 2\nAV coincidence",
    "stage1_to_3": "Stage 1 as long as 3\nAV coincidence",
    "stage2": "Stage 2\n+ audio–audio coincidence",
    "stage2_to_3": "Stage 2 as long as 3\n+ audio–audio coincidence",
    "stage3": "Stage 3\n+ clustering",
    "stage4": "Stage 4\n+ consolidation",
}
END_WORDS = {"baseline": "features", "topline": "supervised topline"}
"""What the two are called beside a number that stands between them: nothing is learnt, and all labels are used."""
PLUS = "_plus"
"""Suffix of a row that goes beyond the paper: augmented, and with what else was found to do better."""
STRATEGIES = {
    "random": "Random segments",
    "cluster": "One per cluster, propagated to the cluster",
    "cluster_unpropagated": "One per cluster, not propagated",
    "cluster_merged": "Merged clusters, most telling segment",
    "cluster_cover": "Segments that speak for all clusters",
    "kmeans": "One per k-means cluster, propagated",
    "medoid": "Medoids, propagated (MAL)",
    "typiclust": "Typical members (TypiClust)",
    "core_set": "Furthest first (core-set)",
    "centres": "Segments at the centres of k-means",
    "spread": "Typical segments, far from each other",
    "mismatch_first": "Where classifier and neighbour disagree",
    "ceiling": "Ceiling: typical segments of each true class",
}

SYSTEMS = {
    "labels_scratch": "Supervised from scratch, random segments",
    "labels_paper": "As in the paper: stage 4, one per cluster",
    "labels_plus": "Stage 4 plus, typical segments",
    "labels_sound": "Consolidation plus, typical segments",
}


def in_order(models: Iterable[str]) -> list[str]:
    """The models in the order of :data:`MODELS`, then those made otherwise, then those with PLUS but no topline."""
    known = list(MODELS)

    def place(name: str) -> tuple:
        base, plus = name.removesuffix(PLUS), name.endswith(PLUS)
        return plus and name not in TOPLINES, known.index(base) if base in known else len(known), plus

    return sorted(models, key=place)


def ends(models: Iterable[str]) -> dict[str, str]:
    """Of the models, those that the others stand between, and which end each is."""
    found = {"log_mel": "baseline", topline_of(models): "topline"}
    return {model: end for model, end in found.items() if model in models}


def strategy(name: str) -> str:
    """Name of a label strategy."""
    return STRATEGIES.get(name, name.replace("_", " "))


def system(name: str) -> str:
    """Name of a system: whole networks, each trained with so many labels."""
    return SYSTEMS.get(name, name.replace("_", " "))


def model(name: str) -> str:
    """Name of a model, in one line or two."""
    if name.endswith(PLUS):
        first, _, second = model(name.removesuffix(PLUS)).partition("\n")
        return f"{first} plus\n{second}, augmented" if second else f"{first} plus\n(augmented)"
    return MODELS.get(name, name.replace("_", " "))


def model_in_line(name: str) -> str:
    """Name of a model in one line."""
    first, _, second = model(name).partition("\n")
    if second.startswith("+"):
        return f"{first} ({second})"
    return f"{first} {second}" if second.startswith("(") else f"{first}: {second}" if second else first
