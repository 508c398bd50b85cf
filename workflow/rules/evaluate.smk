"""Evaluation: needs embeddings, clusters and the ground truth, makes one tidy table of all numbers."""


rule foreign:
    input:
        code=code("foreign"),
        vectors=vectors_of,
        index=f"{RESULTS}/features/index.parquet",
    output:
        embeddings=f"{RESULTS}/embeddings/{{model}}.npy",
    log:
        f"{LOGS}/foreign/{{model}}.log",
    benchmark:
        f"{BENCHMARKS}/foreign/{{model}}.tsv"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    shell:
        "python {input.code[0]} --vectors {input.vectors} --index {input.index} --out {output.embeddings}"
        " 2>&1 | tee {log}"


rule query_by_example:
    input:
        code=code("query_by_example"),
        index=f"{RESULTS}/features/index.parquet",
        embeddings=embeddings_of,
        manifest=f"{RESULTS}/manifest.parquet",
        classes=f"{RESULTS}/classes.csv",
    output:
        table=f"{RESULTS}/evaluation/query_by_example/{{model}}.csv",
    params:
        evaluation=section({**SCORED, "examples": CONFIG.evaluation.examples}),
        options=given,
    log:
        f"{LOGS}/query_by_example/{{model}}.log",
    benchmark:
        f"{BENCHMARKS}/query_by_example/{{model}}.tsv"
    threads: 1
    resources:
        mem_mb=3000,
        runtime=60,
    shell:
        "python {input.code[0]} --model {wildcards.model} --index {input.index} {params.options}"
        " --manifest {input.manifest} --classes {input.classes} --evaluation {params.evaluation:q}"
        " --out {output.table}"
        " 2>&1 | tee {log}"


rule shallow_classifier:
    input:
        code=code("shallow_classifier"),
        index=f"{RESULTS}/features/index.parquet",
        embeddings=embeddings_of,
        manifest=f"{RESULTS}/manifest.parquet",
        classes=f"{RESULTS}/classes.csv",
    output:
        table=f"{RESULTS}/evaluation/shallow_classifier/{{model}}.csv",
    params:
        evaluation=section({**SCORED, "classifier": CONFIG.evaluation.classifier.model_dump()}),
        options=given,
    log:
        f"{LOGS}/shallow_classifier/{{model}}.log",
    benchmark:
        f"{BENCHMARKS}/shallow_classifier/{{model}}.tsv"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=120,
    shell:
        "python {input.code[0]} --model {wildcards.model} --index {input.index} {params.options}"
        " --manifest {input.manifest} --classes {input.classes} --evaluation {params.evaluation:q}"
        " --out {output.table}"
        " 2>&1 | tee {log}"


rule clustering_quality:
    input:
        code=code("clustering_quality"),
        index=f"{RESULTS}/features/index.parquet",
        clusters=clusters_of,
        embeddings=embeddings_of,
        manifest=f"{RESULTS}/manifest.parquet",
        classes=f"{RESULTS}/classes.csv",
    output:
        table=f"{RESULTS}/evaluation/clustering/{{model}}.csv",
    params:
        seeds=SEEDS,
        options=given,
    log:
        f"{LOGS}/clustering_quality/{{model}}.log",
    benchmark:
        f"{BENCHMARKS}/clustering_quality/{{model}}.tsv"
    threads: 1
    resources:
        mem_mb=3000,
        runtime=60,
    shell:
        "python {input.code[0]} --model {wildcards.model} --index {input.index} {params.options}"
        " --manifest {input.manifest} --classes {input.classes} --seeds {params.seeds} --out {output.table}"
        " 2>&1 | tee {log}"


rule label_efficiency:
    input:
        code=code("label_efficiency"),
        index=f"{RESULTS}/features/index.parquet",
        embeddings=embeddings_of,
        clusters=clusters_of,
        manifest=f"{RESULTS}/manifest.parquet",
        classes=f"{RESULTS}/classes.csv",
    output:
        table=f"{RESULTS}/evaluation/label_efficiency/{{model}}.{{strategy}}.csv",
    params:
        evaluation=section({**SCORED, "classifier": CONFIG.evaluation.classifier.model_dump()}),
        budgets=budgets_of,
        options=given,
    log:
        f"{LOGS}/label_efficiency/{{model}}.{{strategy}}.log",
    benchmark:
        f"{BENCHMARKS}/label_efficiency/{{model}}.{{strategy}}.tsv"
    threads: 1
    resources:
        mem_mb=3000,
        runtime=240,
    shell:
        "python {input.code[0]} --model {wildcards.model} --strategy {wildcards.strategy} {params.budgets}"
        " --index {input.index} {params.options}"
        " --manifest {input.manifest} --classes {input.classes} --evaluation {params.evaluation:q}"
        " --out {output.table}"
        " 2>&1 | tee {log}"


rule consolidation:
    input:
        code=code("consolidation"),
        index=f"{RESULTS}/features/index.parquet",
        predictions=predictions_of,
        asked=asked_of,
        manifest=f"{RESULTS}/manifest.parquet",
        classes=f"{RESULTS}/classes.csv",
    output:
        table=f"{RESULTS}/evaluation/consolidation/{{model}}.csv",
    params:
        labels=labels_of,
        seeds=SEEDS,
        split=CONFIG.evaluation.split,
    log:
        f"{LOGS}/consolidation/{{model}}.log",
    benchmark:
        f"{BENCHMARKS}/consolidation/{{model}}.tsv"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    shell:
        "python {input.code[0]} --model {wildcards.model} {params.labels} --index {input.index}"
        " --predictions {input.predictions} --asked {input.asked} --seeds {params.seeds} --split {params.split}"
        " --manifest {input.manifest} --classes {input.classes} --out {output.table}"
        " 2>&1 | tee {log}"


rule metrics:
    input:
        code=code("metrics"),
        tables=[
            *expand(f"{RESULTS}/evaluation/query_by_example/{{model}}.csv", model=EVALUATED),
            *expand(f"{RESULTS}/evaluation/shallow_classifier/{{model}}.csv", model=EVALUATED),
            *expand(f"{RESULTS}/evaluation/clustering/{{model}}.csv", model=CLUSTERED),
            *expand(
                f"{RESULTS}/evaluation/label_efficiency/{{model}}.{{strategy}}.csv",
                model=EFFICIENCY.models,
                strategy=STRATEGIES,
            ),
            *expand(f"{RESULTS}/evaluation/consolidation/{{model}}.csv", model=CONSOLIDATED),
        ],
    output:
        metrics=report(f"{RESULTS}/metrics.csv", caption="../report/metrics.rst", category="Numbers"),
    params:
        experiment=CONFIG.experiment,
    log:
        f"{LOGS}/metrics.log",
    benchmark:
        f"{BENCHMARKS}/metrics.tsv"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    shell:
        "python {input.code[0]} --experiment {params.experiment} --tables {input.tables} --out {output.metrics}"
        " 2>&1 | tee {log}"


rule evaluation:
    input:
        rules.metrics.output,
