# Needs nothing but the configuration where the data come with libraries or are simulated; else the
# raw files in results/downloads, or a user's own files.
# Gives results/datasets/{dataset}.npz, the same arrays for every dataset, and its data card.

from planning.catalogue import checksums, provenance
from planning.datasets import downloads, own_images, own_paths


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


rule prepare_mnist:
    input:
        unpack(lambda wildcards: downloads(config["datasets"][wildcards.dataset])),
        code=code_inputs("prepare_mnist.py"),
    output:
        dataset="results/datasets/{dataset}.npz",
        card="results/datasets/{dataset}.json",
    log:
        "results/logs/datasets/{dataset}.log",
    wildcard_constraints:
        dataset=names_of_kind(config, "mnist"),
    conda:
        "../../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime="10m",
    params:
        name="{dataset}",
        provenance=provenance(CATALOGUE["mnist"]),
        raw_files=checksums(CATALOGUE["mnist"]),
    script:
        "../../scripts/prepare_mnist.py"


rule prepare_frey_face:
    input:
        unpack(lambda wildcards: downloads(config["datasets"][wildcards.dataset])),
        code=code_inputs("prepare_frey_face.py"),
    output:
        dataset="results/datasets/{dataset}.npz",
        card="results/datasets/{dataset}.json",
    log:
        "results/logs/datasets/{dataset}.log",
    wildcard_constraints:
        dataset=names_of_kind(config, "frey_face"),
    conda:
        "../../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime="10m",
    params:
        name="{dataset}",
        test=lookup("datasets/{dataset}/test", within=config),
        provenance=provenance(CATALOGUE["frey_face"]),
        raw_files=checksums(CATALOGUE["frey_face"]),
    script:
        "../../scripts/prepare_frey_face.py"


rule prepare_cifar10:
    input:
        unpack(lambda wildcards: downloads(config["datasets"][wildcards.dataset])),
        code=code_inputs("prepare_cifar10.py"),
    output:
        dataset="results/datasets/{dataset}.npz",
        card="results/datasets/{dataset}.json",
    log:
        "results/logs/datasets/{dataset}.log",
    wildcard_constraints:
        dataset=names_of_kind(config, "cifar10"),
    conda:
        "../../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=2500,
        runtime="10m",
    params:
        name="{dataset}",
        colour=lookup("datasets/{dataset}/colour", within=config),
        provenance=lambda wildcards: provenance(
            CATALOGUE[config["datasets"][wildcards.dataset]["source"]]
        ),
        raw_files=lambda wildcards: checksums(
            CATALOGUE[config["datasets"][wildcards.dataset]["source"]]
        ),
    script:
        "../../scripts/prepare_cifar10.py"


rule prepare_idx:
    input:
        unpack(lambda wildcards: own_paths(config["datasets"][wildcards.dataset])),
        code=code_inputs("prepare_idx.py"),
    output:
        dataset="results/datasets/{dataset}.npz",
        card="results/datasets/{dataset}.json",
    log:
        "results/logs/datasets/{dataset}.log",
    wildcard_constraints:
        dataset=names_of_kind(config, "files", format="idx"),
    conda:
        "../../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime="10m",
    params:
        name="{dataset}",
        test_fraction=lookup(
            "datasets/{dataset}/test_fraction", within=config, default=None
        ),
        licence=lookup("datasets/{dataset}/licence", within=config, default=None),
        citation=lookup("datasets/{dataset}/citation", within=config, default=None),
        seed=config["seed"],
    script:
        "../../scripts/prepare_idx.py"


rule prepare_npz:
    input:
        unpack(lambda wildcards: own_paths(config["datasets"][wildcards.dataset])),
        code=code_inputs("prepare_npz.py"),
    output:
        dataset="results/datasets/{dataset}.npz",
        card="results/datasets/{dataset}.json",
    log:
        "results/logs/datasets/{dataset}.log",
    wildcard_constraints:
        dataset=names_of_kind(config, "files", format="npz"),
    conda:
        "../../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime="10m",
    params:
        name="{dataset}",
        test_fraction=lookup(
            "datasets/{dataset}/test_fraction", within=config, default=None
        ),
        licence=lookup("datasets/{dataset}/licence", within=config, default=None),
        citation=lookup("datasets/{dataset}/citation", within=config, default=None),
        seed=config["seed"],
    script:
        "../../scripts/prepare_npz.py"


rule prepare_images:
    input:
        images=lambda wildcards: own_images(config["datasets"][wildcards.dataset]),
        code=code_inputs("prepare_images.py"),
    output:
        dataset="results/datasets/{dataset}.npz",
        card="results/datasets/{dataset}.json",
    log:
        "results/logs/datasets/{dataset}.log",
    wildcard_constraints:
        dataset=names_of_kind(config, "files", format="images"),
    conda:
        "../../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime="10m",
    params:
        name="{dataset}",
        folder=lookup("datasets/{dataset}/path", within=config),
        colour=lookup("datasets/{dataset}/colour", within=config),
        test_fraction=lookup("datasets/{dataset}/test_fraction", within=config),
        licence=lookup("datasets/{dataset}/licence", within=config, default=None),
        citation=lookup("datasets/{dataset}/citation", within=config, default=None),
        seed=config["seed"],
    script:
        "../../scripts/prepare_images.py"
