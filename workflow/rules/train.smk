"""Training: needs the feature index (no labels in it), makes one network, its history and the embeddings of all
windows per row and seed; and, from the rows that have paid for labels, the classes of all segments."""


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
    log:
        f"{LOGS}/train/{{model}}-{{seed}}.log",
    benchmark:
        f"{BENCHMARKS}/train/{{model}}-{{seed}}.tsv"
    priority: 100
    threads: 1  # rows side by side use the cores better than a row on all of them
    resources:
        mem_mb=scaled(2000, per_shard=30),
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
        " --embeddings {output.embeddings}"
        " 2>&1 | tee {log}"


rule models:
    input:
        expand(rules.train.output.model, model=DEFAULT.models, seed=DEFAULT.seeds),


rule classify:
    input:
        code=code("classify"),
        model=rules.train.output.model,
        embeddings=rules.train.output.embeddings,
        index=f"{RESULTS}/features/index.parquet",
    output:
        predictions=f"{RESULTS}/predictions/{{model}}/{{seed}}.parquet",
    log:
        f"{LOGS}/classify/{{model}}-{{seed}}.log",
    benchmark:
        f"{BENCHMARKS}/classify/{{model}}-{{seed}}.tsv"
    threads: 1
    resources:
        mem_mb=scaled(3000, per_shard=30),
        runtime=scaled(120),
    shell:
        "python {input.code[0]} --model {input.model} --embeddings {input.embeddings} --index {input.index}"
        " --out {output.predictions}"
        " 2>&1 | tee {log}"


rule recognised:
    input:
        code=code("recognised"),
        predictions=expand(f"{RESULTS}/predictions/{{{{model}}}}/{{seed}}.parquet", seed=DEFAULT.seeds),
        manifest=f"{RESULTS}/manifest.parquet",
        files=f"{RESULTS}/files.csv",
    output:
        segments=f"{RESULTS}/recognised/{{model}}/segments.csv",
        raven=directory(f"{RESULTS}/recognised/{{model}}/raven"),
        audacity=directory(f"{RESULTS}/recognised/{{model}}/audacity"),
        birdnet=directory(f"{RESULTS}/recognised/{{model}}/birdnet"),
        clips=directory(f"{RESULTS}/recognised/{{model}}/segments"),
        label_studio=f"{RESULTS}/recognised/{{model}}/label_studio.json",
    log:
        f"{LOGS}/recognised/{{model}}.log",
    benchmark:
        f"{BENCHMARKS}/recognised/{{model}}.tsv"
    threads: 1
    resources:
        mem_mb=scaled(3000, per_shard=30),
        runtime=scaled(60),
    params:
        root=MEDIA,
    shell:
        "python {input.code[0]} --predictions {input.predictions} --manifest {input.manifest} --files {input.files}"
        " --root {params.root:q} --segments {output.segments} --raven {output.raven} --audacity {output.audacity} --birdnet {output.birdnet}"
        " --clips {output.clips} --label-studio {output.label_studio}"
        " 2>&1 | tee {log}"


# One target for each row: its network and embeddings, and the clusters and predictions if it learns them.
for name in DEFAULT.models:

    rule:
        name:
            f"train_{name}"
        input:
            expand(f"{RESULTS}/embeddings/{name}/{{seed}}.npy", seed=DEFAULT.seeds),
            expand(
                f"{RESULTS}/clusters/{name}/{{seed}}.parquet",
                seed=DEFAULT.seeds if name in DEFAULT.having("clustering") else [],
            ),
            expand(
                f"{RESULTS}/predictions/{name}/{{seed}}.parquet",
                seed=DEFAULT.seeds if name in DEFAULT.having("classification") else [],
            ),
