# The optional experiment `ablation`: every optimizer from every initialisation.
# Needs evaluations/ablation.csv. Gives its figure.


rule figure_7_1_ablation:
    input:
        evaluations=f"{RESULTS}/evaluations/ablation.csv",
    output:
        **drawn("figure_7_1_ablation", "Evidence lower bound"),
    conda:
        "../../envs/figures.yaml"
    params:
        trainings=lambda wildcards: {
            run.training: training_settings(config, run.training)
            for run in experiment_runs(config, "ablation")
        },
    script:
        "../../scripts/figure_7_1_ablation.py"
