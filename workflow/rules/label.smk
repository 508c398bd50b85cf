"""Labels: needs clusters and the annotator's ground truth, makes the weak labels that a row has paid for; for own
recordings a sheet of what is to be labelled, and the weak labels from the sheets that are filled in."""


rule label:
    input:
        unpack(label_inputs),
        code=code("label"),
        manifest=f"{RESULTS}/manifest.parquet",
        index=f"{RESULTS}/features/index.parquet",
    output:
        labels=f"{RESULTS}/labels/{{model}}/{{seed}}.parquet",
        asked=f"{RESULTS}/labels/{{model}}/{{seed}}.asked.csv",
    log:
        f"{LOGS}/label/{{model}}-{{seed}}.log",
    benchmark:
        f"{BENCHMARKS}/label/{{model}}-{{seed}}.tsv"
    priority: 90
    threads: 1
    resources:
        mem_mb=scaled(2000, per_shard=30),
        runtime=scaled(30),
    params:
        labels=labels_of,
        options=given,
    shell:
        "python {input.code[0]} --manifest {input.manifest} --index {input.index} {params.options} {params.labels}"
        " --seed {wildcards.seed} --labels {output.labels} --asked {output.asked}"
        " 2>&1 | tee {log}"


rule sheet:
    input:
        code=code("sheet"),
        asked=f"{RESULTS}/labels/{{model}}/{DEFAULT.seeds[0]}.asked.csv",
        manifest=f"{RESULTS}/manifest.parquet",
        sheets=SHEETS,
    output:
        # A person writes into it, so it is not deleted before the job, which leaves one with new labels as it is.
        sheet=update(f"{RESULTS}/sheets/{{model}}.csv"),
    log:
        f"{LOGS}/sheet/{{model}}.log",
    benchmark:
        f"{BENCHMARKS}/sheet/{{model}}.tsv"
    threads: 1
    resources:
        mem_mb=scaled(2000),
        runtime=scaled(60),
    params:
        options=given,
    shell:
        "python {input.code[0]} --asked {input.asked} --manifest {input.manifest} {params.options} --out {output.sheet}"
        " 2>&1 | tee {log}"


rule expectations:
    input:
        code=code("expectations"),
        labels=f"{RESULTS}/labels/{{model}}/{DEFAULT.seeds[0]}.parquet",
        embeddings=lambda wildcards: stored_of(CONFIG.row(wildcards.model).after, DEFAULT.seeds[0]),
        index=f"{RESULTS}/features/index.parquet",
    output:
        page=f"{RESULTS}/recognised/{{model}}/expected.md",
    log:
        f"{LOGS}/expectations/{{model}}.log",
    benchmark:
        f"{BENCHMARKS}/expectations/{{model}}.tsv"
    threads: 1
    resources:
        mem_mb=scaled(2000, per_shard=30),
        runtime=scaled(30),
    shell:
        "python {input.code[0]} --name {wildcards.model} --labels {input.labels} --embeddings {input.embeddings}"
        " --index {input.index} --out {output.page}"
        " 2>&1 | tee {log}"


rule labels:
    input:
        expand(
            rules.label.output.labels,
            model=[name for name in DEFAULT.models if CONFIG.row(name).labels],
            seed=DEFAULT.seeds,
        ),
