"""Evaluation: needs embeddings, clusters and the ground truth, makes one tidy table of all numbers."""


rule query_by_example:
    input:
        code=code("query_by_example"),
        index=f"{RESULTS}/features/index.parquet",
        embeddings=embeddings_of,
        manifest=f"{RESULTS}/manifest.parquet",
        classes=f"{RESULTS}/classes.csv",
    output:
        table=f"{RESULTS}/{{study}}evaluation/query_by_example/{{model}}.csv",
    log:
        f"{LOGS}/{{study}}query_by_example/{{model}}.log",
    benchmark:
        f"{BENCHMARKS}/{{study}}query_by_example/{{model}}.tsv"
    threads: 1
    resources:
        mem_mb=scaled(3000, per_shard=30),
        runtime=scaled(60),
    params:
        evaluation=section({**SCORED, "examples": CONFIG.evaluation.examples}),
        options=given,
    shell:
        "python {input.code[0]} --model {wildcards.model} --index {input.index} {params.options}"
        " --manifest {input.manifest} --classes {input.classes} --evaluation {params.evaluation:q}"
        " --threads {threads} --out {output.table}"
        " 2>&1 | tee {log}"


rule shallow_classifier:
    input:
        code=code("shallow_classifier"),
        index=f"{RESULTS}/features/index.parquet",
        embeddings=embeddings_of,
        manifest=f"{RESULTS}/manifest.parquet",
        classes=f"{RESULTS}/classes.csv",
    output:
        table=f"{RESULTS}/{{study}}evaluation/shallow_classifier/{{model}}.csv",
    log:
        f"{LOGS}/{{study}}shallow_classifier/{{model}}.log",
    benchmark:
        f"{BENCHMARKS}/{{study}}shallow_classifier/{{model}}.tsv"
    threads: 1
    resources:
        mem_mb=scaled(4000, per_shard=30),
        runtime=scaled(120),
    params:
        evaluation=section({**SCORED, "classifier": CONFIG.evaluation.classifier.model_dump()}),
        options=given,
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
        table=f"{RESULTS}/{{study}}evaluation/clustering/{{model}}.csv",
    log:
        f"{LOGS}/{{study}}clustering_quality/{{model}}.log",
    benchmark:
        f"{BENCHMARKS}/{{study}}clustering_quality/{{model}}.tsv"
    threads: 1
    resources:
        mem_mb=scaled(3000, per_shard=30),
        runtime=scaled(60),
    params:
        evaluation=trained_of,
        options=given,
    shell:
        "python {input.code[0]} --model {wildcards.model} --index {input.index} {params.options}"
        " --manifest {input.manifest} --classes {input.classes} --evaluation {params.evaluation:q}"
        " --out {output.table}"
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
        table=f"{RESULTS}/{{study}}evaluation/label_efficiency/{{model}}.{{strategy}}.csv",
    log:
        f"{LOGS}/{{study}}label_efficiency/{{model}}.{{strategy}}.log",
    benchmark:
        f"{BENCHMARKS}/{{study}}label_efficiency/{{model}}.{{strategy}}.tsv"
    threads: 1
    resources:
        mem_mb=scaled(3000, per_shard=30),
        runtime=scaled(240),
    params:
        evaluation=section({**SCORED, "classifier": CONFIG.evaluation.classifier.model_dump()}),
        budgets=budgets_of,
        options=given,
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
        table=f"{RESULTS}/{{study}}evaluation/consolidation/{{model}}.csv",
    log:
        f"{LOGS}/{{study}}consolidation/{{model}}.log",
    benchmark:
        f"{BENCHMARKS}/{{study}}consolidation/{{model}}.tsv"
    threads: 1
    resources:
        mem_mb=scaled(2000, per_shard=30),
        runtime=scaled(30),
    params:
        labels=labels_of,
        evaluation=trained_of,
    shell:
        "python {input.code[0]} --model {wildcards.model} {params.labels} --index {input.index}"
        " --predictions {input.predictions} --asked {input.asked} --manifest {input.manifest} --classes {input.classes}"
        " --evaluation {params.evaluation:q} --out {output.table}"
        " 2>&1 | tee {log}"


rule metrics:
    input:
        code=code("metrics"),
        tables=tables_of,
    output:
        metrics=report(f"{RESULTS}/{{study}}metrics.csv", caption="../report/metrics.rst", category="Numbers"),
        parquet=f"{RESULTS}/{{study}}metrics.parquet",
        summary=f"{RESULTS}/{{study}}metrics.json",
    log:
        f"{LOGS}/{{study}}metrics.log",
    benchmark:
        f"{BENCHMARKS}/{{study}}metrics.tsv"
    threads: 1
    resources:
        mem_mb=scaled(1000),
        runtime=scaled(10),
    params:
        experiment=CONFIG.experiment,
        systems=systems_of,
    shell:
        "python {input.code[0]} --experiment {params.experiment} --systems {params.systems:q}"
        " --tables {input.tables} --out {output}"
        " 2>&1 | tee {log}"


rule evaluation:
    input:
        f"{RESULTS}/metrics.csv",
        f"{RESULTS}/metrics.parquet",
        f"{RESULTS}/metrics.json",
