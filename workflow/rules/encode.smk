"""Vectors that no row learns: needs the feature index and the media, or a file of vectors; makes a row for each window.
And the vectors of rows and encoders as tables for other tools."""


rule encode:
    input:
        code=code("encode"),
        manifest=f"{RESULTS}/manifest.parquet",
        files=f"{RESULTS}/files.csv",
        index=f"{RESULTS}/features/index.parquet",
    output:
        vectors=f"{RESULTS}/encoded/{{model}}/shard-{{shard}}.npy",
    log:
        f"{LOGS}/encode/{{model}}-{{shard}}.log",
    benchmark:
        f"{BENCHMARKS}/encode/{{model}}-{{shard}}.tsv"
    threads: 1
    resources:
        mem_mb=scaled(2000),
        runtime=scaled(720),
    params:
        embedding=embedding_of,
        shards=CONFIG.storage.shards,
    shell:
        "python {input.code[0]} --name {wildcards.model} --embedding {params.embedding:q} --manifest {input.manifest}"
        " --files {input.files} --index {input.index} --shard {wildcards.shard} --shards {params.shards}"
        " --out {output.vectors}"
        " 2>&1 | tee {log}"


rule foreign:
    input:
        unpack(vectors_of),
        code=code("foreign"),
        index=f"{RESULTS}/features/index.parquet",
    output:
        embeddings=f"{RESULTS}/embeddings/{{model}}.npy",
    log:
        f"{LOGS}/foreign/{{model}}.log",
    benchmark:
        f"{BENCHMARKS}/foreign/{{model}}.tsv"
    threads: 1
    resources:
        mem_mb=scaled(4000, per_shard=30),
        runtime=scaled(60),
    params:
        options=given,
    shell:
        "python {input.code[0]} {params.options} --index {input.index} --out {output.embeddings}" " 2>&1 | tee {log}"


rule vectors_table:
    input:
        code=code("vectors"),
        embeddings=f"{RESULTS}/embeddings/{{name}}.npy",
        index=f"{RESULTS}/features/index.parquet",
    output:
        table=f"{RESULTS}/vectors/{{name}}.parquet",
    log:
        f"{LOGS}/vectors/{{name}}.log",
    benchmark:
        f"{BENCHMARKS}/vectors/{{name}}.tsv"
    threads: 1
    resources:
        mem_mb=scaled(3000, per_shard=30),
        runtime=scaled(60),
    shell:
        "python {input.code[0]} --embeddings {input.embeddings} --index {input.index} --out {output.table}"
        " 2>&1 | tee {log}"


rule vectors:
    input:
        expand(f"{RESULTS}/vectors/{{model}}/{{seed}}.parquet", model=DEFAULT.models, seed=DEFAULT.seeds),
        expand(f"{RESULTS}/vectors/{{model}}.parquet", model=CONFIG.embeddings),


rule hoplite_database:
    input:
        code=code("hoplite"),
        embeddings=f"{RESULTS}/embeddings/{{name}}.npy",
        index=f"{RESULTS}/features/index.parquet",
        manifest=f"{RESULTS}/manifest.parquet",
    output:
        database=directory(f"{RESULTS}/hoplite/{{name}}"),
    log:
        f"{LOGS}/hoplite/{{name}}.log",
    benchmark:
        f"{BENCHMARKS}/hoplite/{{name}}.tsv"
    threads: 1
    resources:
        mem_mb=scaled(3000, per_shard=30),
        runtime=scaled(120),
    params:
        experiment=CONFIG.experiment,
    shell:
        "python {input.code[0]} --embeddings {input.embeddings} --index {input.index} --manifest {input.manifest}"
        " --experiment {params.experiment} --name {wildcards.name} --out {output.database}"
        " 2>&1 | tee {log}"


rule hoplite:
    input:
        expand(f"{RESULTS}/hoplite/{{model}}/{{seed}}", model=DEFAULT.models, seed=DEFAULT.seeds),
        expand(f"{RESULTS}/hoplite/{{model}}", model=CONFIG.embeddings),
