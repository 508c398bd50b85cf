"""Cross-validation: needs the numbers of each fold, each an experiment of its own; makes one table of all folds, and a
page with published numbers beside ours."""

# Of each further fold, the whole workflow once more, with that fold held out.
for fold in CONFIG.benchmark.folds[1:] if CONFIG.fold is not None else []:
    part = f"fold_{fold}_"
    part_config = {**config, "benchmark": {**config["benchmark"], "folds": [fold]}}

    module:
        name: part
        snakefile:
            "../Snakefile"
        config:
            part_config

    use rule * from part exclude recordings, folds_table, folds as part*


if CONFIG.data.source == "benchmark":

    rule folds_table:
        input:
            code=code("folds"),
            published=from_here(PACKAGE / "report/published.csv"),
            tables=[*CONFIG.benchmark.train, *CONFIG.benchmark.evaluation],
            checked=fold_places("checked.txt"),
            metrics=fold_places("metrics.csv"),
            indices=fold_places("features/index.parquet"),
        output:
            table=f"{EXPERIMENT}/folds.csv",
            page=f"{EXPERIMENT}/folds.md",
        log:
            f"{LOGS}/folds.log",
        benchmark:
            f"{BENCHMARKS}/folds.tsv"
        threads: 1
        resources:
            mem_mb=scaled(1000),
            runtime=scaled(10),
        params:
            folds=CONFIG.benchmark.folds,
            experiment=CONFIG.experiment,
        shell:
            "python {input.code[0]} --experiment {params.experiment} --tables {input.tables} --folds {params.folds}"
            " --metrics {input.metrics} --indices {input.indices} --published {input.published}"
            " --table {output.table} --page {output.page}"
            " 2>&1 | tee {log}"

    rule folds:
        input:
            rules.folds_table.output,
