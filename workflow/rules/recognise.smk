"""New recordings: needs networks that have learnt classes and a folder, makes the classes of each segment; and of
these, as of the recordings that were learnt from, the tables of other programs."""


rule recognise:
    input:
        code=code("recognise"),
        models=networks_of,
    output:
        done=touch(f"{RESULTS}/new/{{model}}/shard-{{shard}}.done"),
    log:
        f"{LOGS}/recognise/{{model}}-{{shard}}.log",
    benchmark:
        f"{BENCHMARKS}/recognise/{{model}}-{{shard}}.tsv"
    threads: 1
    resources:
        mem_mb=scaled(2000),
        runtime=720,  # goes on from the last recording that is done when the time is over
    params:
        folder=CONFIG.recognise.root,
        out=subpath(output.done, parent=True),
        shards=CONFIG.storage.shards,
    shell:
        "TF_NUM_INTRAOP_THREADS={threads} TF_NUM_INTEROP_THREADS={threads}"
        " python {input.code[0]} {input.models} {params.folder:q} {params.out}"
        " --shard {wildcards.shard} --shards {params.shards}"
        " 2>&1 | tee {log}"


rule new_recordings:
    input:
        code=code("recognise"),
        models=networks_of,
        shards=expand(f"{RESULTS}/new/{{{{model}}}}/shard-{{shard}}.done", shard=SHARDS),
    output:
        table=f"{RESULTS}/new/{{model}}/segments.csv",
        missing=f"{RESULTS}/new/{{model}}/missing.csv",
    log:
        f"{LOGS}/new_recordings/{{model}}.log",
    benchmark:
        f"{BENCHMARKS}/new_recordings/{{model}}.tsv"
    threads: 1
    resources:
        mem_mb=scaled(2000),
        runtime=scaled(60),
    params:
        folder=CONFIG.recognise.root,
        out=subpath(output.table, parent=True),
    shell:
        "python {input.code[0]} {input.models} {params.folder:q} {params.out}" " 2>&1 | tee {log}"


rule tables:
    input:
        code=code("tables"),
        segments=f"{RESULTS}/{{heard}}/{{model}}/segments.csv",
        files=lambda wildcards: f"{RESULTS}/files.csv" if wildcards.heard == "recognised" else [],
    output:
        raven=directory(f"{RESULTS}/{{heard}}/{{model}}/raven"),
        audacity=directory(f"{RESULTS}/{{heard}}/{{model}}/audacity"),
        birdnet=directory(f"{RESULTS}/{{heard}}/{{model}}/birdnet"),
        clips=directory(f"{RESULTS}/{{heard}}/{{model}}/segments"),
        label_studio=f"{RESULTS}/{{heard}}/{{model}}/label_studio.json",
    log:
        f"{LOGS}/tables/{{heard}}-{{model}}.log",
    benchmark:
        f"{BENCHMARKS}/tables/{{heard}}-{{model}}.tsv"
    wildcard_constraints:
        heard="recognised|new",
    threads: 1
    resources:
        mem_mb=scaled(2000),
        runtime=scaled(60),
    params:
        files=lambda wildcards, input: f"--files {input.files}" if input.files else "",
        root=lambda wildcards: MEDIA if wildcards.heard == "recognised" else CONFIG.recognise.root,
        out=subpath(output.label_studio, parent=True),
    shell:
        "python {input.code[0]} {params.files} {input.segments} {params.root:q} {params.out}" " 2>&1 | tee {log}"
