"""From nested values to a :class:`c3.config.Config`, or one plain sentence."""

from __future__ import annotations

from pydantic import ValidationError

from c3.config.experiment import Config
from c3.config.sections import Section, section_of
from c3.errors import C3Error


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


def _keys(location: list[str]) -> list[str]:
    """The keys allowed at a place of the configuration."""
    section: type[Section] = Config
    for part in location:
        field = section.model_fields.get(part)
        section = section_of(field.annotation) or section if field else section
    return list(section.model_fields)
