"""Figures: needs the table of numbers, the histories and the cluster portraits, makes PNG and PDF."""


rule portraits:
    input:
        code=code("portraits"),
        index=f"{RESULTS}/features/index.parquet",
        clusters=f"{RESULTS}/clusters/{{model}}/{{seed}}.parquet",
        manifest=f"{RESULTS}/manifest.parquet",
        classes=f"{RESULTS}/classes.csv",
    output:
        portraits=f"{RESULTS}/portraits/{{model}}/{{seed}}.npz",
    log:
        f"{LOGS}/portraits/{{model}}-{{seed}}.log",
    benchmark:
        f"{BENCHMARKS}/portraits/{{model}}-{{seed}}.tsv"
    threads: 1
    resources:
        mem_mb=scaled(2000, per_shard=30),
        runtime=scaled(30),
    shell:
        "python {input.code[0]} --model {wildcards.model} --index {input.index} --clusters {input.clusters}"
        " --manifest {input.manifest} --classes {input.classes} --out {output.portraits}"
        " 2>&1 | tee {log}"


rule embedding_map:
    input:
        code=code("embedding_map"),
        index=f"{RESULTS}/features/index.parquet",
        embeddings=[f"{RESULTS}/embeddings/{model}/{{seed}}.npy" for model in MAPPED],
        manifest=f"{RESULTS}/manifest.parquet",
        classes=f"{RESULTS}/classes.csv",
    output:
        maps=f"{RESULTS}/embedding_maps/{{seed}}.parquet",
    log:
        f"{LOGS}/embedding_map/{{seed}}.log",
    benchmark:
        f"{BENCHMARKS}/embedding_map/{{seed}}.tsv"
    threads: 1
    resources:
        mem_mb=scaled(2000, per_shard=30),
        runtime=scaled(30),
    params:
        models=["log_mel", *MAPPED],
        split=CONFIG.evaluation.split,
    shell:
        "python {input.code[0]} --models {params.models} --index {input.index} --embeddings {input.embeddings}"
        " --split {params.split} --manifest {input.manifest} --classes {input.classes} --out {output.maps}"
        " 2>&1 | tee {log}"


rule figures:
    input:
        code=code("figures"),
        metrics=f"{RESULTS}/{{study}}metrics.csv",
        histories=histories_of,
        portraits=portraits_of,
        maps=maps_of,
    output:
        [captioned(name) for name in FIGURE_NAMES],
        expand(f"{RESULTS}/{{{{study}}}}figures/{{name}}.pdf", name=FIGURE_NAMES),
    log:
        f"{LOGS}/{{study}}figures.log",
    benchmark:
        f"{BENCHMARKS}/{{study}}figures.tsv"
    threads: 8
    resources:
        mem_mb=scaled(2500),
        runtime=scaled(10),
    params:
        options=given,
    shell:
        "python {input.code[0]} --metrics {input.metrics} --histories {input.histories}"
        " {params.options} --maps {input.maps} --threads {threads} --out {output}"
        " 2>&1 | tee {log}"


rule sweep_figure:
    input:
        code=code("figures"),
        metrics=f"{RESULTS}/sweeps/metrics.csv",
    output:
        captioned("sweeps", "sweeps/"),
        f"{RESULTS}/sweeps/figures/sweeps.pdf",
    log:
        f"{LOGS}/sweeps/figures.log",
    benchmark:
        f"{BENCHMARKS}/sweeps/figures.tsv"
    threads: 1
    resources:
        mem_mb=scaled(1000),
        runtime=scaled(10),
    params:
        sweeps=sweeps_of,
    shell:
        "python {input.code[0]} --metrics {input.metrics} --sweeps {params.sweeps:q} --out {output}" " 2>&1 | tee {log}"
