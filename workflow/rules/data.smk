"""Data: needs media and segment CSVs (or makes them), or a folder of recordings; makes the manifest that everything
downstream reads."""

if CONFIG.data.source in c3_config.MADE:

    rule media:
        input:
            code=code("media"),
        output:
            train=f"{RESULTS}/media/train_segments.csv",
            evaluation=f"{RESULTS}/media/evaluation_segments.csv",
            class_labels=f"{RESULTS}/media/class_labels_indices.csv",
        log:
            f"{LOGS}/media.log",
        benchmark:
            f"{BENCHMARKS}/media.tsv"
        threads: 8
        resources:
            mem_mb=scaled(4000),
            runtime=scaled(60),
        params:
            source=CONFIG.data.source,
            settings=section(getattr(CONFIG, CONFIG.data.source)),
            seed=CONFIG.data.seed,
        shell:
            "python {input.code[0]} --source {params.source} --settings {params.settings:q} --seed {params.seed}"
            " --threads {threads}"
            " --train-csv {output.train} --evaluation-csv {output.evaluation} --class-labels {output.class_labels}"
            " 2>&1 | tee {log}"


if IS_STORED:

    rule recordings:
        input:
            storage(FOUND),
        output:
            directory(MEDIA),
        log:
            f"{LOGS}/recordings.log",
        benchmark:
            f"{BENCHMARKS}/recordings.tsv"
        threads: 1
        resources:
            runtime=scaled(720),
        shell:
            "cp --recursive {input:q} {output:q} 2>&1 | tee {log}"


rule manifest:
    input:
        unpack(segment_tables),
        stored=[MEDIA] if IS_STORED else [],
        code=code("manifest"),
    output:
        manifest=f"{RESULTS}/manifest.parquet",
        classes=f"{RESULTS}/classes.csv",
        missing=f"{RESULTS}/missing.csv",
        files=f"{RESULTS}/files.csv",
    log:
        f"{LOGS}/manifest.log",
    benchmark:
        f"{BENCHMARKS}/manifest.tsv"
    threads: 1
    resources:
        mem_mb=scaled(4000),
        runtime=scaled(30),
    params:
        source=source_of,
        validation_share=CONFIG.data.validation_share,
        seed=CONFIG.data.seed,
    shell:
        "python {input.code[0]} {params.source}"
        " --validation-share {params.validation_share} --seed {params.seed}"
        " --manifest {output.manifest} --classes {output.classes} --missing {output.missing}"
        " --files {output.files}"
        " 2>&1 | tee {log}"


rule check:
    input:
        code=code("check"),
        manifest=rules.manifest.output.manifest,
        classes=rules.manifest.output.classes,
    output:
        checked=f"{RESULTS}/checked.txt",
    log:
        f"{LOGS}/check.log",
    benchmark:
        f"{BENCHMARKS}/check.tsv"
    priority: 200  # before hours of work on data that cannot do
    threads: 1
    resources:
        mem_mb=scaled(4000),
        runtime=scaled(30),
    params:
        config=section(CONFIG.model_dump(mode="json", exclude={"folder": {"sheets"}, "recognise": True})),
    shell:
        "python {input.code[0]} --config {params.config:q} --manifest {input.manifest} --classes {input.classes}"
        " --out {output.checked}"
        " 2>&1 | tee {log}"


rule data:
    input:
        rules.manifest.output,
