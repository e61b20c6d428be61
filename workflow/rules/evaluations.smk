# Needs the models and the datasets they were trained on.
# Gives tidy tables, a row a measurement: evaluation.csv (and arrays.npz for the figures) beside each
# VAE, results/evaluations/{experiment}.csv for all of an experiment's runs with the separation of
# their latent spaces, the comparison of VAE, RBM and DBN in results/evaluations/reconstruction.csv,
# and the verdicts on the report's claims in results/claims.json.

COMPARISON = config["experiments"]["comparison"]
EXPERIMENTS = planned_experiments(config)
DATASETS = planned_datasets(config)


rule evaluate_vae:
    input:
        dataset="results/datasets/{dataset}.npz",
        model=f"{RUN_PATTERN}/model.npz",
        history=f"{RUN_PATTERN}/history.csv",
        code=code_inputs("evaluate_vae.py"),
    output:
        evaluation=f"{RUN_PATTERN}/evaluation.csv",
        arrays=f"{RUN_PATTERN}/arrays.npz",
    log:
        f"{RUN_PATTERN}/evaluate.log",
    conda:
        "../../envs/evaluation.yaml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime="30m",
    params:
        run_parameters=lambda wildcards: vars(Run.from_wildcards(wildcards)),
        by_class=lambda wildcards: config["datasets"][wildcards.dataset]["kind"]
        == "networks",
        root_seed=config["seed"],
    script:
        "../../scripts/evaluate_vae.py"


rule measure_separation:
    input:
        evaluations=lambda wildcards: [
            f"{run.folder}/evaluation.csv"
            for run in experiment_runs(config, wildcards.experiment)
        ],
        arrays=lambda wildcards: [
            f"{run.folder}/arrays.npz"
            for run in experiment_runs(config, wildcards.experiment)
        ],
        code=code_inputs("measure_separation.py"),
    output:
        table="results/evaluations/separation/{experiment}.csv",
    log:
        "results/logs/evaluations/separation_{experiment}.log",
    wildcard_constraints:
        experiment="|".join(EXPERIMENTS),
    conda:
        "../../envs/evaluation.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime="30m",
    script:
        "../../scripts/measure_separation.py"


rule collect_evaluations:
    input:
        evaluations=lambda wildcards: [
            f"{run.folder}/evaluation.csv"
            for run in experiment_runs(config, wildcards.experiment)
        ],
        separation="results/evaluations/separation/{experiment}.csv",
        code=code_inputs("collect_evaluations.py"),
    output:
        table="results/evaluations/{experiment}.csv",
    log:
        "results/logs/evaluations/{experiment}.log",
    wildcard_constraints:
        experiment="|".join(EXPERIMENTS),
    conda:
        "../../envs/evaluation.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime="10m",
    script:
        "../../scripts/collect_evaluations.py"


rule compare_reconstructions:
    input:
        dataset=f"results/datasets/{COMPARISON['datasets'][0]}.npz",
        vae=[f"{run.folder}/model.npz" for run in experiment_runs(config, "comparison")],
        rbm=[f"{run.folder}/model.npz" for run in machine_runs(config, "rbm")],
        dbn=[f"{run.folder}/model.npz" for run in machine_runs(config, "dbn")],
        code=code_inputs("compare_reconstructions.py"),
    output:
        evaluation="results/evaluations/reconstruction.csv",
        arrays="results/evaluations/reconstruction.npz",
    log:
        "results/logs/evaluations/reconstruction.log",
    conda:
        "../../envs/evaluation.yaml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime="30m",
    params:
        name=COMPARISON["datasets"][0],
        train_size=COMPARISON["train_sizes"][0],
        seeds=[run.seed for run in experiment_runs(config, "comparison")],
        root_seed=config["seed"],
    script:
        "../../scripts/compare_reconstructions.py"


rule judge_claims:
    input:
        claims="config/claims.yaml",
        evaluations=expand(
            "results/evaluations/{experiment}.csv", experiment=EXPERIMENTS
        ),
        others=[
            "results/evaluations/reconstruction.csv",
            "results/profiles/backends.csv",
            "results/profiles/published_epoch.csv",
        ],
        cards=expand("results/datasets/{dataset}.json", dataset=DATASETS),
        code=code_inputs("judge_claims.py"),
    output:
        verdicts="results/claims.json",
        table="results/tables/table_claims.csv",
        markdown="results/tables/table_claims.md",
    log:
        "results/logs/claims.log",
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime="10m",
    params:
        optional=list(OPTIONAL_EXPERIMENTS),
    script:
        "../../scripts/judge_claims.py"
