# Needs nothing but the configuration: the data come with libraries or are simulated.
# Gives results/datasets/{dataset}.npz, the same arrays for every dataset, and its data card.


rule prepare_digits:
    input:
        code=code_inputs("prepare_digits.py"),
    output:
        dataset="results/datasets/{dataset}.npz",
        card="results/datasets/{dataset}.json",
    log:
        "results/logs/datasets/{dataset}.log",
    wildcard_constraints:
        dataset=names_of_kind(config, "digits"),
    conda:
        "../../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime="10m",
    params:
        name="{dataset}",
        test_fraction=lookup("datasets/{dataset}/test_fraction", within=config),
        seed=config["seed"],
    script:
        "../../scripts/prepare_digits.py"


rule prepare_photo_patches:
    input:
        code=code_inputs("prepare_photo_patches.py"),
    output:
        dataset="results/datasets/{dataset}.npz",
        card="results/datasets/{dataset}.json",
    log:
        "results/logs/datasets/{dataset}.log",
    wildcard_constraints:
        dataset=names_of_kind(config, "photo_patches"),
    conda:
        "../../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime="10m",
    params:
        name="{dataset}",
        colour=lookup("datasets/{dataset}/colour", within=config),
        patch=lookup("datasets/{dataset}/patch", within=config),
        train=lookup("datasets/{dataset}/train", within=config),
        test=lookup("datasets/{dataset}/test", within=config),
        seed=config["seed"],
    script:
        "../../scripts/prepare_photo_patches.py"


rule simulate_networks:
    input:
        code=code_inputs("simulate_networks.py"),
    output:
        dataset="results/datasets/{dataset}.npz",
        card="results/datasets/{dataset}.json",
    log:
        "results/logs/datasets/{dataset}.log",
    wildcard_constraints:
        dataset=names_of_kind(config, "networks"),
    conda:
        "../../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime="10m",
    params:
        name="{dataset}",
        protocol=lookup("datasets/{dataset}/protocol", within=config),
        nodes=lookup("datasets/{dataset}/nodes", within=config),
        graphs=lookup("datasets/{dataset}/graphs", within=config),
        structures=lookup("datasets/{dataset}/structures", within=config),
        test_fraction=lookup("datasets/{dataset}/test_fraction", within=config),
        seed=config["seed"],
    script:
        "../../scripts/simulate_networks.py"
