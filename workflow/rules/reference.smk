# record_study needs all that was measured, and gives runs.csv, steps.csv and provenance.json.
# keep_reference needs a finished study, and keeps of it in results/reference/ what redraws its figures
# and tables: measurements, a few images, settings and provenance; and its report.
# unpack_evaluations needs those, and gives results/reference/evaluations/{experiment}.csv for the rules
# that draw from them under --config results=reference.

from planning.reference import command, packed_evaluations
from planning.runs import planned_runs

RECORDS = ["provenance.json", "runs.csv", "steps.csv"]
EXPERIMENT_TABLES = expand("evaluations/{experiment}.csv", experiment=EXPERIMENTS)
OTHERS = outputs.drawn_from(RESULTS, workflow.rules).difference(
    EXPERIMENT_TABLES, RECORDS
)
"""What else figures and tables are drawn from, within the folder of the results."""

TRAINED = {run.folder for run in planned_runs(config)}


rule record_study:
    input:
        accounts=sorted(f"results/{folder}/benchmark.tsv" for folder in TRAINED),
        measured=[f"results/{file}" for file in (*EXPERIMENT_TABLES, *sorted(OTHERS))],
        machine="results/profiles/machine.json",
    output:
        runs="results/runs.csv",
        steps="results/steps.csv",
        provenance="results/provenance.json",
    log:
        "results/logs/record_study.log",
    conda:
        "../../envs/report.yaml"
    params:
        command=command(workflow.config_settings),
    script:
        "../../scripts/record_study.py"


rule keep_reference:
    input:
        evaluations=[f"results/{file}" for file in EXPERIMENT_TABLES],
        others=[
            f"results/{file}" for file in sorted({*OTHERS, "runs.csv", "steps.csv"})
        ],
        provenance="results/provenance.json",
        report="results/report/report.pdf",
    log:
        "results/logs/keep_reference.log",
    localrule: True
    conda:
        "../../envs/report.yaml"
    params:
        settings={key: value for key, value in config.items() if key != "mirror"},
    script:
        "../../scripts/keep_reference.py"


rule unpack_evaluations:
    input:
        packed=lambda wildcards: packed_evaluations(wildcards.experiment),
    output:
        table=f"{REFERENCE}/evaluations/{{experiment}}.csv",
    wildcard_constraints:
        experiment="|".join(EXPERIMENTS),
    localrule: True
    conda:
        "../../envs/evaluation.yaml"
    script:
        "../../scripts/unpack_evaluations.py"
