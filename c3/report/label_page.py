"""The pages on which a person listens, each a static file: one to label a sheet, one to review what is recognised."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import jinja2

HERE = Path(__file__).parent


def label(experiment: str, row: str, classes: Sequence[tuple[str, int]], segments: list[dict]) -> str:
    """The page of a sheet.

    classes: those known so far and how often each was used, most used first. segments: the columns of the sheet but
    ``labels``, ``clip`` (:func:`c3.report.clips.write`) and ``near``, the clips of neighbours.
    """
    return _html("label", experiment, row, classes, segments, [{"segment": place} for place in range(len(segments))])


def review(experiment: str, row: str, classes: Sequence[tuple[str, int]], segments: list[dict], items: list[dict],
           **shown) -> str:  # fmt: skip
    """The page of what is recognised.

    segments: as of :func:`label`; items: segment (its place), class, probability and groups. shown: ``timeline`` and
    ``beyond``, as :func:`c3.labels.review.timeline` gives them, ``heard`` and ``parts``, its constants.
    """
    return _html("review", experiment, row, classes, segments, items, **shown)


def _html(kind: str, experiment: str, row: str, classes, segments: list[dict], items: list[dict], **shown) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([HERE / "label_templates", HERE / "templates"]),
        autoescape=lambda name: name is not None and name.endswith(".html.jinja"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    ids = "\n".join(segment["segment_id"] for segment in segments)
    data = {
        "kind": kind,
        "experiment": experiment,
        "row": row,
        "media": {"label": "", "review": "review/"}[kind],
        "key": hashlib.blake2b(ids.encode(), digest_size=8).hexdigest(),
        "classes": classes,
        "segments": segments,
        "items": items,
    }
    return environment.get_template("listen.html.jinja").render(data=data, **data, **shown)
