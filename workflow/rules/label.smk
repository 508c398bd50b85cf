"""Labels: needs clusters and the annotator's ground truth, makes the weak labels that a row has paid for; for own
recordings a sheet of what is to be labelled with a page to label on, the weak labels from the sheets that are filled in,
and a page to review what is recognised."""


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
        unpack(sheet_inputs),
        code=code("sheet"),
        templates=LABEL_TEMPLATES,
        asked=f"{RESULTS}/labels/{{model}}/{DEFAULT.seeds[0]}.asked.csv",
        manifest=f"{RESULTS}/manifest.parquet",
        files=f"{RESULTS}/files.csv",
        index=f"{RESULTS}/features/index.parquet",
        sheets=SHEETS,
    output:
        # A person works with them, so they are not deleted before the job, which leaves a sheet with new labels as it is.
        sheet=update(f"{RESULTS}/sheets/{{model}}.csv"),
        page=update(f"{RESULTS}/sheets/{{model}}/index.html"),
    log:
        f"{LOGS}/sheet/{{model}}.log",
    benchmark:
        f"{BENCHMARKS}/sheet/{{model}}.tsv"
    threads: 1
    resources:
        mem_mb=scaled(2000, per_shard=30),
        runtime=scaled(60),
    params:
        options=given,
        experiment=CONFIG.experiment,
    shell:
        "python {input.code[0]} --asked {input.asked} --manifest {input.manifest} --files {input.files} --index {input.index}"
        " {params.options} --experiment {params.experiment} --out {output.sheet}"
        " 2>&1 | tee {log}"


rule review:
    input:
        code=code("review"),
        templates=LABEL_TEMPLATES,
        predictions=expand(f"{RESULTS}/predictions/{{{{model}}}}/{{seed}}.parquet", seed=DEFAULT.seeds),
        manifest=f"{RESULTS}/manifest.parquet",
        files=f"{RESULTS}/files.csv",
        sheets=SHEETS,
    output:
        page=f"{RESULTS}/recognised/{{model}}/index.html",
        clips=directory(f"{RESULTS}/recognised/{{model}}/review"),
    log:
        f"{LOGS}/review/{{model}}.log",
    benchmark:
        f"{BENCHMARKS}/review/{{model}}.tsv"
    threads: 1
    resources:
        mem_mb=scaled(3000, per_shard=30),
        runtime=scaled(60),
    params:
        experiment=CONFIG.experiment,
    shell:
        "python {input.code[0]} --predictions {input.predictions} --manifest {input.manifest} --files {input.files}"
        " --sheets {input.sheets:q} --experiment {params.experiment} --row {wildcards.model} --out {output.page}"
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


rule sheets:
    input:
        f"{RESULTS}/checked.txt",
        to_label(),


rule labels:
    input:
        expand(
            rules.label.output.labels,
            model=[name for name in DEFAULT.models if CONFIG.row(name).labels],
            seed=DEFAULT.seeds,
        ),
