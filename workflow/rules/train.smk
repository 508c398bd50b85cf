"""Training: needs the feature index (no labels in it), makes one network, its history, the embeddings of all
windows and the classes of all segments (none of a row that has learnt none) per row and seed."""


rule train:
    input:
        unpack(row_inputs),
        code=code("train"),
        index=f"{RESULTS}/features/index.parquet",
    output:
        model=f"{RESULTS}/models/{{model}}/{{seed}}.keras",
        card=f"{RESULTS}/models/{{model}}/{{seed}}.md",
        history=f"{RESULTS}/history/{{model}}/{{seed}}.csv",
        embeddings=f"{RESULTS}/embeddings/{{model}}/{{seed}}.npy",
        predictions=f"{RESULTS}/predictions/{{model}}/{{seed}}.parquet",
    log:
        f"{LOGS}/train/{{model}}-{{seed}}.log",
    benchmark:
        f"{BENCHMARKS}/train/{{model}}-{{seed}}.tsv"
    priority: 100
    threads: 1  # rows side by side use the cores better than a row on all of them
    resources:
        mem_mb=scaled(3000, per_shard=30),
        runtime=720,  # goes on from its checkpoint when the time is over
    params:
        row=row_of,
        training=training_of,
        network=network_of,
        about=about_of,
        options=given,
        embedding=start_of,
        checkpoint=f"{RESULTS}/checkpoints/{{model}}/{{seed}}",
    shell:
        "python {input.code[0]} --name {wildcards.model} --row {params.row:q} --training {params.training:q}"
        " --network {params.network:q} --about {params.about:q} --seed {wildcards.seed} --threads {threads}"
        " --index {input.index} {params.options} {params.embedding} --checkpoint {params.checkpoint}"
        " --out {output.model} --card {output.card} --history {output.history}"
        " --embeddings {output.embeddings} --predictions {output.predictions}"
        " 2>&1 | tee {log}"


rule models:
    input:
        expand(rules.train.output.model, model=DEFAULT.models, seed=DEFAULT.seeds),


rule recognised:
    input:
        code=code("recognised"),
        predictions=expand(f"{RESULTS}/predictions/{{{{model}}}}/{{seed}}.parquet", seed=DEFAULT.seeds),
        manifest=f"{RESULTS}/manifest.parquet",
    output:
        segments=f"{RESULTS}/recognised/{{model}}/segments.csv",
    log:
        f"{LOGS}/recognised/{{model}}.log",
    benchmark:
        f"{BENCHMARKS}/recognised/{{model}}.tsv"
    threads: 1
    resources:
        mem_mb=scaled(3000, per_shard=30),
        runtime=scaled(60),
    shell:
        "python {input.code[0]} --predictions {input.predictions} --manifest {input.manifest} --segments {output.segments}"
        " 2>&1 | tee {log}"


# One target for each row: all that its training makes, and the clusters if it learns any.
for name in dict.fromkeys([*DEFAULT.models, *DEFAULT.systems]):

    rule:
        name:
            f"train_{name}"
        input:
            expand(f"{RESULTS}/embeddings/{name}/{{seed}}.npy", seed=DEFAULT.seeds),
            expand(
                f"{RESULTS}/clusters/{name}/{{seed}}.parquet",
                seed=DEFAULT.seeds if name in DEFAULT.having("clustering") else [],
            ),
