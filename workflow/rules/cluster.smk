"""Clusters: needs a network with a trained cluster head and its embeddings, makes an assignment of every window."""


rule cluster:
    input:
        code=code("cluster"),
        model=f"{RESULTS}/models/{{model}}/{{seed}}.keras",
        embeddings=f"{RESULTS}/embeddings/{{model}}/{{seed}}.npy",
        index=f"{RESULTS}/features/index.parquet",
    output:
        clusters=f"{RESULTS}/clusters/{{model}}/{{seed}}.parquet",
    log:
        f"{LOGS}/cluster/{{model}}-{{seed}}.log",
    benchmark:
        f"{BENCHMARKS}/cluster/{{model}}-{{seed}}.tsv"
    priority: 90
    threads: 1
    resources:
        mem_mb=scaled(3000, per_shard=30),
        runtime=scaled(120, per_shard=1),
    shell:
        "python {input.code[0]} --model {input.model} --embeddings {input.embeddings} --index {input.index}"
        " --out {output.clusters}"
        " 2>&1 | tee {log} 2>&3"


rule clusters:
    input:
        expand(rules.cluster.output.clusters, model=DEFAULT.having("clustering"), seed=DEFAULT.seeds),
