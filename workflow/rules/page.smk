"""The page of results: needs the numbers, the figures, the cluster portraits and the media; makes it as Markdown, and as
HTML with clips of the clusters' exemplars."""


rule exemplars:
    input:
        code=code("exemplars"),
        portraits=portraits_of,
        manifest=f"{RESULTS}/manifest.parquet",
        files=f"{RESULTS}/files.csv",
        classes=f"{RESULTS}/classes.csv",
    output:
        clusters=f"{RESULTS}/{{study}}report/clusters.json",
        clips=directory(f"{RESULTS}/{{study}}report/clusters"),
    log:
        f"{LOGS}/{{study}}exemplars.log",
    benchmark:
        f"{BENCHMARKS}/{{study}}exemplars.tsv"
    threads: 1
    resources:
        mem_mb=scaled(1000, per_shard=30),
        runtime=scaled(10),
    params:
        seed=first_seed_of,
    shell:
        "python {input.code[0]} --portraits {input.portraits} --manifest {input.manifest} --files {input.files}"
        " --classes {input.classes} --seed {params.seed} --out {output.clusters}"
        " 2>&1 | tee {log}"


rule results_page:
    input:
        code=code("results_page"),
        templates=TEMPLATES,
        metrics=f"{RESULTS}/{{study}}metrics.csv",
        figures=[f"{RESULTS}/{{study}}figures/{name}.{suffix}" for name in FIGURE_NAMES for suffix in ("png", "pdf")],
        clusters=exemplars_of,
        maps=maps_of,
        accounts=f"{RESULTS}/accounts.csv",
    output:
        markdown=f"{RESULTS}/{{study}}report.md",
        html=f"{RESULTS}/{{study}}report/index.html",
    log:
        f"{LOGS}/{{study}}results_page.log",
    benchmark:
        f"{BENCHMARKS}/{{study}}results_page.tsv"
    threads: 1
    resources:
        mem_mb=scaled(1000),
        runtime=scaled(10),
    params:
        config=shown_of,
        seeds=seeds_of,
        options=given,
    shell:
        "python {input.code[0]} --metrics {input.metrics} --figures {input.figures} --config {params.config:q}"
        " --seeds {params.seeds} {params.options} --maps {input.maps} --accounts {input.accounts}"
        " --markdown {output.markdown} --html {output.html}"
        " 2>&1 | tee {log}"
