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
        mem_mb=2000,
        runtime=30,
    shell:
        "python {input.code[0]} --model {wildcards.model} --index {input.index} --clusters {input.clusters}"
        " --manifest {input.manifest} --classes {input.classes} --out {output.portraits}"
        " 2>&1 | tee {log}"


rule figures:
    input:
        code=code("figures"),
        metrics=f"{RESULTS}/metrics.csv",
        histories=expand(f"{RESULTS}/history/{{model}}/{{seed}}.csv", model=MODELS, seed=SEEDS),
        portraits=f"{RESULTS}/portraits/{EFFICIENCY.models[0]}/{SEEDS[0]}.npz",
    output:
        [captioned(name) for name in FIGURE_NAMES],
        expand(f"{RESULTS}/figures/{{name}}.pdf", name=FIGURE_NAMES),
    log:
        f"{LOGS}/figures.log",
    benchmark:
        f"{BENCHMARKS}/figures.tsv"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    shell:
        "python {input.code[0]} --metrics {input.metrics} --histories {input.histories}"
        " --portraits {input.portraits} --out {output}"
        " 2>&1 | tee {log}"
