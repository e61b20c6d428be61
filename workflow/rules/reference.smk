# keep_reference needs a finished study, and keeps of it in results/reference/ what redraws its figures
# and tables: measurements, a few images, settings and provenance; and its report.
# unpack_evaluations needs those, and gives results/reference/evaluations/{experiment}.csv for the rules
# that draw from them under --config results=reference.

SHOWN_RUNS = shown_runs(
    config,
    "manifold",
    "comparison",
    "images",
    "networks_published",
    "networks_like_for_like",
)
SCATTERED_RUNS = shown_runs(
    config, "manifold", "networks_published", "networks_like_for_like"
)


localrules:
    keep_reference,
    unpack_evaluations,


rule keep_reference:
    input:
        evaluations=expand(
            "results/evaluations/{experiment}.csv", experiment=EXPERIMENTS
        ),
        others=[
            *multiext("results/evaluations/reconstruction", ".csv", ".npz"),
            *expand(
                "results/profiles/{name}.csv",
                name=[
                    "backends",
                    "cost_by_size",
                    "numpy_epoch",
                    "published_epoch",
                    "report_jobs",
                ],
            ),
            *expand("results/datasets/{dataset}.json", dataset=DATASETS),
            f"results/datasets/{SIMULATED}.npz",
            *(
                expand(
                    "results/evaluations/{file}",
                    file=[
                        "likelihoods.csv",
                        "samples.npz",
                        "boltzmann_training.csv",
                        "boltzmann_training.npz",
                    ],
                )
                if "likelihood" in EXPERIMENTS
                else []
            ),
            *[f"results/{run.folder}/images.npz" for run in SHOWN_RUNS],
            *[f"results/{run.folder}/codes.npz" for run in SCATTERED_RUNS],
        ],
        machine="results/profiles/machine.json",
        report="results/report/report.pdf",
        code=code_inputs("keep_reference.py"),
    log:
        "results/logs/keep_reference.log",
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime="10m",
    params:
        runs=sorted(
            {
                run.folder
                for name in EXPERIMENTS
                for run in experiment_runs(config, name)
            }
            | {run.folder for run in baseline_runs(config)}
        ),
        settings={key: value for key, value in config.items() if key != "mirror"},
    script:
        "../../scripts/keep_reference.py"


rule unpack_evaluations:
    input:
        packed=f"{REFERENCE}/evaluations/{{experiment}}.csv.gz",
        code=code_inputs("unpack_evaluations.py"),
    output:
        table=f"{REFERENCE}/evaluations/{{experiment}}.csv",
    log:
        f"{REFERENCE}/logs/evaluations/{{experiment}}.log",
    wildcard_constraints:
        experiment="|".join(EXPERIMENTS),
    conda:
        "../../envs/evaluation.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime="10m",
    script:
        "../../scripts/unpack_evaluations.py"
