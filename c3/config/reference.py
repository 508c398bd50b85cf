"""What people read about the keys: the JSON Schema and the reference page, written from the types.

python -m c3.config.reference  # rewrites config/schema.json and config/README.md
"""

from __future__ import annotations

import json
import re
import typing
from pathlib import Path

import yaml

from c3.config.experiment import Config
from c3.config.sections import Section, section_of

FOLDER = Path(__file__).parents[2] / "config"


def schema() -> str:
    """The JSON Schema, as committed in config/schema.json."""
    return json.dumps(Config.model_json_schema(), indent=2, ensure_ascii=False) + "\n"


def reference() -> str:
    """The reference of every key, as committed in config/README.md."""
    lines = [
        "# Configuration",
        "",
        "`config.yaml` is the default. Overlays are merged over it: `snakemake --configfile config/esc10.yaml --cores 8 all`.",
        "So the defaults below are those that it sets, and of other keys those of the types.",
        "Written by `python -m c3.config.reference` from the types in `c3/config/`; a test keeps it in step.",
    ]

    def describe(section: type[Section], prefix: str, shipped: dict) -> None:
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
            child = section_of(field.annotation)
            if child:
                mapped = typing.get_origin(field.annotation) is dict
                inner = {} if mapped else shipped.get(name, {})
                nested.append((child, f"{prefix}{name}.{'<name>.' if mapped else ''}", inner))
            if not child or field.description:
                if field.is_required() and name not in shipped:
                    default = "required"
                elif child:
                    default = "see below"
                else:
                    default = f"`{json.dumps(shipped.get(name, field.default), ensure_ascii=False)}`"
                meaning = re.sub(r"\|", "\\|", field.description or "")
                lines.append(f"| `{prefix}{name}` | {default} | {meaning} |")
        for child in nested:
            describe(*child)

    describe(Config, "", yaml.safe_load((FOLDER / "config.yaml").read_text()))
    return "\n".join(lines) + "\n"


def _first_line(section: type[Section]) -> str:
    return (section.__doc__ or "").strip().splitlines()[0]


if __name__ == "__main__":
    (FOLDER / "schema.json").write_text(schema())
    (FOLDER / "README.md").write_text(reference())
