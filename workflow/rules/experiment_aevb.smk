# The optional experiment `aevb`: that of the paper that the report is built on.
# Needs evaluations/aevb.csv. Gives its figure.


rule figure_aevb_bound:
    input:
        evaluations=f"{RESULTS}/evaluations/aevb.csv",
    output:
        **drawn("figure_aevb_bound", "Evidence lower bound"),
    conda:
        "../../envs/figures.yaml"
    params:
        trainings=lambda wildcards: {
            run.training: training_settings(config, run.training)
            for run in experiment_runs(config, "aevb")
        },
    script:
        "../../scripts/figure_aevb_bound.py"
