# Needs nothing but the configuration where the data come with libraries or are simulated; else the
# raw files in results/downloads, or a user's own files.
# Gives results/datasets/{dataset}.npz, the same arrays for every dataset, and its data card.

from planning.datasets import files, fingerprint, memory, origin


rule prepare_dataset:
    input:
        unpack(lambda wildcards: files(config["datasets"][wildcards.dataset])),
    output:
        dataset="results/datasets/{dataset}.npz",
        card="results/datasets/{dataset}.json",
    wildcard_constraints:
        dataset="|".join(config["datasets"]),
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=growing(lambda wildcards: memory(config["datasets"][wildcards.dataset])),
    params:
        code=lambda wildcards: code_digest(
            "prepare_dataset.py",
            f"study.datasets.{config['datasets'][wildcards.dataset]['kind']}",
        ),
        name="{dataset}",
        settings=lookup("datasets/{dataset}", within=config),
        origin=lambda wildcards: origin(
            config["datasets"][wildcards.dataset], CATALOGUE
        ),
        fingerprint=lambda wildcards: fingerprint(config["datasets"][wildcards.dataset]),
        seed=config["seed"],
    script:
        "../../scripts/prepare_dataset.py"
