"""Gather all numbers in one table, and add what follows from them: label reductions, recovered gaps."""

import json

import pandas as pd

from c3.cli import replacing, run, section
from c3.evaluation import COLUMNS, gap_recovered, label_efficiency, results, summary

EVALUATIONS = ["query_by_example", "shallow_classifier", "label_efficiency", "system", "consolidation", "clustering"]


def main(args):
    tables = pd.concat([pd.read_csv(path, dtype={"budget": "Int64", "seed": "Int64"}) for path in args.tables])
    derived = []
    if systems := dict(args.systems):
        tables = pd.concat([tables, label_efficiency.systems(tables, systems)])
        reductions = label_efficiency.system_reductions(tables, list(systems))
        derived += [results(label_efficiency.SYSTEM, name, numbers) for name, numbers in reductions.items()]
    derived += [
        results(
            "label_efficiency",
            model,
            label_efficiency.reductions(tables, model) + label_efficiency.areas(tables, model),
        )
        for model in tables.loc[tables["evaluation"] == "label_efficiency", "model"].unique()
    ]
    derived += [
        results(evaluation, model, gap_recovered(tables, evaluation, model))
        for evaluation in ("query_by_example", "shallow_classifier")
        for model in tables["model"].unique()
    ]
    table = pd.concat([tables, *(rows for rows in derived if len(rows))], ignore_index=True)
    table = table.sort_values("evaluation", key=lambda column: column.map(EVALUATIONS.index), kind="stable")
    table.insert(0, "experiment", args.experiment)
    table = table[["experiment", *COLUMNS]].round({"value": 6})
    for path in args.out:
        with replacing(path) as out:
            if out.suffix == ".parquet":
                table.to_parquet(out, index=False)
            elif out.suffix == ".json":
                out.write_text(json.dumps(summary(table), indent=1) + "\n")
            else:
                table.to_csv(out, index=False, float_format="%.6f")


if __name__ == "__main__":
    run(
        main,
        experiment={"help": "name of the experiment"},
        systems={"type": section, "default": [], "help": "JSON of the systems, each with the rows that make it"},
        tables={"nargs": "+", "help": "tables of the evaluations, models in the order of the configuration"},
        out={"nargs": "+", "help": "the same table as .csv and .parquet, its main numbers as .json"},
    )
