# Needs results/datasets/{dataset}.npz.
# Gives, under results/models, a folder a run: model.npz and history.csv of every epoch. The folder's
# name is the run's parameters, so figures that need the same run share it.

from planning.runs import training_minutes
from study.models import BASELINES


rule train_vae:
    input:
        dataset="results/datasets/{dataset}.npz",
    output:
        model=f"results/{RUN_PATTERN}/model.npz",
        history=f"results/{RUN_PATTERN}/history.csv",
    log:
        f"results/{RUN_PATTERN}/train.log",
    benchmark:
        f"results/{RUN_PATTERN}/benchmark.tsv"
    conda:
        "../../envs/training.yaml"
    resources:
        mem_mb=growing(lambda wildcards: facts(wildcards.backend).memory_mb),
        runtime=growing(lambda wildcards: training_minutes(config, wildcards)),
        gpu=lambda wildcards: int(facts(wildcards.backend).needs_gpu),
    params:
        code=lambda wildcards: code_digest(
            "train_vae.py", f"vae.backends.{wildcards.backend}"
        ),
        run_parameters=lambda wildcards: Run.from_wildcards(wildcards).parameters,
        architecture=lambda wildcards: architecture_settings(
            config, wildcards.architecture
        ),
        training=lambda wildcards: training_settings(config, wildcards.training),
        root_seed=config["seed"],
    script:
        "../../scripts/train_vae.py"


rule train_baseline:
    input:
        dataset="results/datasets/{dataset}.npz",
    output:
        model=f"results/{BASELINE_PATTERN}/model.npz",
        history=f"results/{BASELINE_PATTERN}/history.csv",
    log:
        f"results/{BASELINE_PATTERN}/train.log",
    benchmark:
        f"results/{BASELINE_PATTERN}/benchmark.tsv"
    conda:
        "../../envs/training.yaml"
    resources:
        mem_mb=growing(1500),
        runtime=growing(120),
    params:
        code=lambda wildcards: code_digest(
            "train_baseline.py", f"study.models.{wildcards.family}"
        ),
        run_parameters=lambda wildcards: Run.from_wildcards(wildcards).parameters,
        settings=lambda wildcards: BASELINES[wildcards.family].settings(config),
        root_seed=config["seed"],
    script:
        "../../scripts/train_baseline.py"
