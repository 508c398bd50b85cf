"""Features: needs the manifest and its media, makes shards of log-mel rows and frames, and one index of them."""


rule extract:
    input:
        code=code("features"),
        manifest=f"{RESULTS}/manifest.parquet",
        files=f"{RESULTS}/files.csv",
    output:
        rows=f"{RESULTS}/features/shard-{{shard}}.npy",
        frames=f"{RESULTS}/features/shard-{{shard}}.frames.npy",
        index=f"{RESULTS}/features/shard-{{shard}}.parquet",
        quarantine=f"{RESULTS}/features/shard-{{shard}}.quarantine.csv",
    log:
        f"{LOGS}/extract/{{shard}}.log",
    benchmark:
        f"{BENCHMARKS}/extract/{{shard}}.tsv"
    threads: 1
    resources:
        mem_mb=scaled(2000),
        runtime=scaled(120),
    params:
        features=section(CONFIG.features),
        shards=CONFIG.storage.shards,
    shell:
        "python {input.code[0]} --manifest {input.manifest} --files {input.files} --features {params.features:q}"
        " --shard {wildcards.shard} --shards {params.shards} --rows {output.rows} --frames {output.frames}"
        " --index {output.index} --quarantine {output.quarantine}"
        " 2>&1 | tee {log}"


rule index:
    input:
        code=code("index"),
        shards=expand(f"{RESULTS}/features/shard-{{shard}}.parquet", shard=SHARDS),
        quarantines=expand(f"{RESULTS}/features/shard-{{shard}}.quarantine.csv", shard=SHARDS),
        missing=f"{RESULTS}/missing.csv",
        manifest=f"{RESULTS}/manifest.parquet",
        files=f"{RESULTS}/files.csv",
    output:
        index=f"{RESULTS}/features/index.parquet",
        accounts=f"{RESULTS}/accounts.csv",
        summary=report(f"{RESULTS}/accounts.txt", caption="../report/accounts.rst", category="Data"),
        quarantine=report(
            f"{RESULTS}/quarantine.csv",
            caption="../report/quarantine.rst",
            category="Data",
        ),
    log:
        f"{LOGS}/index.log",
    benchmark:
        f"{BENCHMARKS}/index.tsv"
    threads: 1
    resources:
        mem_mb=scaled(4000, per_shard=30),
        runtime=scaled(30),
    params:
        max_quarantined=CONFIG.data.max_quarantined,
    shell:
        "python {input.code[0]} --shards {input.shards} --quarantines {input.quarantines} --missing {input.missing}"
        " --manifest {input.manifest} --files {input.files}"
        " --max-quarantined {params.max_quarantined} --index {output.index} --quarantine {output.quarantine}"
        " --accounts {output.accounts} --summary {output.summary}"
        " 2>&1 | tee {log}"


rule features:
    input:
        rules.index.output,
