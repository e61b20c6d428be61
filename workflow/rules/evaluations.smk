# Needs the models and the datasets they were trained on.
# Gives tidy tables, a row a measurement: evaluation.csv (with images.npz and codes.npz, for figures)
# beside each VAE, results/evaluations/{experiment}.csv for all of an experiment's runs, with the
# separation of their latent spaces where it is shown, the comparison of the models in
# reconstruction.csv, and the theory as measured on the latent plane in theory.csv.

from planning.runs import compared_runs, has_filters, plane_runs, run_files

COMPARISON = config["experiments"]["comparison"]
COMPARED_RUNS = compared_runs(config)
PLANE_RUNS = plane_runs(config)
SEPARATION = {
    name: [f"results/evaluations/separation/{name}.csv"]
    for name in (
        *("latent_dimension", "manifold", "networks_published"),
        *("networks_like_for_like", "networks_as_written"),
    )
}
"""Of the experiments of which a table, the report or a claim tells how well classes part."""


rule evaluate_vae:
    input:
        dataset="results/datasets/{dataset}.npz",
        model=f"results/{RUN_PATTERN}/model.npz",
        history=f"results/{RUN_PATTERN}/history.csv",
    output:
        evaluation=f"results/{RUN_PATTERN}/evaluation.csv",
        images=f"results/{RUN_PATTERN}/images.npz",
        codes=f"results/{RUN_PATTERN}/codes.npz",
    log:
        f"results/{RUN_PATTERN}/evaluate.log",
    conda:
        "../../envs/evaluation.yaml"
    resources:
        mem_mb=growing(1500),
    params:
        run_parameters=lambda wildcards: Run.from_wildcards(wildcards).parameters,
        binarisation=lambda wildcards: binarisation(
            config, Run.from_wildcards(wildcards)
        ),
        by_class=lambda wildcards: config["datasets"][wildcards.dataset]["kind"]
        == "networks",
        root_seed=config["seed"],
    script:
        "../../scripts/evaluate_vae.py"


rule measure_separation:
    input:
        evaluations=lambda wildcards: run_files(
            config, wildcards.experiment, "evaluation.csv"
        ),
        codes=lambda wildcards: run_files(config, wildcards.experiment, "codes.npz"),
    output:
        table="results/evaluations/separation/{experiment}.csv",
    log:
        "results/logs/evaluations/separation_{experiment}.log",
    wildcard_constraints:
        experiment="|".join(SEPARATION),
    conda:
        "../../envs/evaluation.yaml"
    resources:
        mem_mb=growing(2000),
    script:
        "../../scripts/measure_separation.py"


rule collect_evaluations:
    input:
        measurements=lambda wildcards: run_files(
            config, wildcards.experiment, "evaluation.csv"
        )
        + SEPARATION.get(wildcards.experiment, []),
    output:
        table="results/evaluations/{experiment}.csv",
    wildcard_constraints:
        experiment="|".join(EXPERIMENTS),
    conda:
        "../../envs/evaluation.yaml"
    script:
        "../../scripts/collect_evaluations.py"


rule compare_reconstructions:
    input:
        dataset=f"results/datasets/{COMPARISON['datasets'][0]}.npz",
        models=[f"results/{run.folder}/model.npz" for run in COMPARED_RUNS],
    output:
        evaluation="results/evaluations/reconstruction.csv",
        images="results/evaluations/reconstruction.npz",
    conda:
        "../../envs/evaluation.yaml"
    resources:
        mem_mb=growing(1500),
    params:
        code=code_digest(
            "compare_reconstructions.py",
            *[f"study.models.{family}" for family in COMPARED_MODELS],
        ),
        name=COMPARISON["datasets"][0],
        train_size=COMPARISON["train_sizes"][0],
        families=[run.family for run in COMPARED_RUNS],
        seeds=[run.seed for run in COMPARED_RUNS],
        protocols=config["protocols"],
        root_seed=config["seed"],
    script:
        "../../scripts/compare_reconstructions.py"


rule measure_theory:
    input:
        dataset=f"results/datasets/{PLANE_RUNS[0].dataset}.npz",
        models=[f"results/{run.folder}/model.npz" for run in PLANE_RUNS],
    output:
        table="results/evaluations/theory.csv",
    conda:
        "../../envs/training.yaml"
    resources:
        mem_mb=growing(2000),
    params:
        # Its gradients are TensorFlow's where there are filters, which NumPy does not train.
        code=code_digest(
            "measure_theory.py",
            (
                "vae.backends.tensorflow"
                if has_filters(
                    architecture_settings(config, PLANE_RUNS[0].architecture)
                )
                else "vae.backends.numpy"
            ),
        ),
        runs=[run.parameters for run in PLANE_RUNS],
        binarisation=binarisation(config, PLANE_RUNS[0]),
        root_seed=config["seed"],
    script:
        "../../scripts/measure_theory.py"
