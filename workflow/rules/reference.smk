# keep_reference needs a finished study, and keeps of it in results/reference/ what redraws its figures
# and tables: measurements, a few images, settings and provenance; and its report.
# unpack_evaluations needs those, and gives results/reference/evaluations/{experiment}.csv for the rules
# that draw from them under --config results=reference.

EXPERIMENT_TABLES = expand("evaluations/{experiment}.csv", experiment=EXPERIMENTS)
OTHERS = outputs.drawn_from(RESULTS, workflow.rules).difference(
    EXPERIMENT_TABLES, ["profiles/machine.json"]
)
"""What else figures and tables are drawn from, within the folder of the results."""


localrules:
    keep_reference,
    unpack_evaluations,


rule keep_reference:
    input:
        evaluations=[f"results/{file}" for file in EXPERIMENT_TABLES],
        others=[f"results/{file}" for file in sorted(OTHERS)],
        machine="results/profiles/machine.json",
        report="results/report/report.pdf",
        code=code_inputs("keep_reference.py"),
    log:
        "results/logs/keep_reference.log",
    conda:
        "../../envs/report.yaml"
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
    script:
        "../../scripts/unpack_evaluations.py"
