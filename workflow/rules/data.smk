"""Data: needs media and segment CSVs (or makes them), makes the manifest that everything downstream reads."""

if CONFIG.data.source == "synthetic":

    rule simulate:
        input:
            code=code("simulate"),
        output:
            train=f"{RESULTS}/media/train_segments.csv",
            evaluation=f"{RESULTS}/media/evaluation_segments.csv",
            class_labels=f"{RESULTS}/media/class_labels_indices.csv",
        params:
            synthetic=section(CONFIG.synthetic),
            seed=CONFIG.data.seed,
        log:
            f"{LOGS}/simulate.log",
        benchmark:
            f"{BENCHMARKS}/simulate.tsv"
        threads: 8
        resources:
            mem_mb=4000,
            runtime=60,
        shell:
            "python {input.code[0]} --synthetic {params.synthetic:q} --seed {params.seed} --threads {threads}"
            " --train-csv {output.train} --evaluation-csv {output.evaluation} --class-labels {output.class_labels}"
            " 2>&1 | tee {log}"


if CONFIG.data.source == "collage":

    rule collage:
        input:
            code=code("collage"),
        output:
            train=f"{RESULTS}/media/train_segments.csv",
            evaluation=f"{RESULTS}/media/evaluation_segments.csv",
            class_labels=f"{RESULTS}/media/class_labels_indices.csv",
        params:
            collage=section(CONFIG.collage),
            seed=CONFIG.data.seed,
        log:
            f"{LOGS}/collage.log",
        benchmark:
            f"{BENCHMARKS}/collage.tsv"
        threads: 8
        resources:
            mem_mb=4000,
            runtime=60,
        shell:
            "python {input.code[0]} --collage {params.collage:q} --seed {params.seed} --threads {threads}"
            " --train-csv {output.train} --evaluation-csv {output.evaluation} --class-labels {output.class_labels}"
            " 2>&1 | tee {log}"


rule manifest:
    input:
        unpack(segment_tables),
        code=code("manifest"),
    output:
        manifest=f"{RESULTS}/manifest.parquet",
        classes=f"{RESULTS}/classes.csv",
        missing=f"{RESULTS}/missing.csv",
    params:
        media=MEDIA,
        validation_share=CONFIG.data.validation_share,
        seed=CONFIG.data.seed,
    log:
        f"{LOGS}/manifest.log",
    benchmark:
        f"{BENCHMARKS}/manifest.tsv"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    shell:
        "python {input.code[0]} --train {input.train} --evaluation {input.evaluation}"
        " --class-labels {input.class_labels} --media {params.media:q}"
        " --validation-share {params.validation_share} --seed {params.seed}"
        " --manifest {output.manifest} --classes {output.classes} --missing {output.missing}"
        " 2>&1 | tee {log}"


rule data:
    input:
        rules.manifest.output,
