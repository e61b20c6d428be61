# The optional experiment `equal_updates`: every training size with as many updates.
# Needs evaluations/equal_updates.csv. Gives its figure.


rule figure_equal_updates:
    input:
        evaluations=f"{RESULTS}/evaluations/equal_updates.csv",
        code=code_inputs("figure_learning_curves.py"),
    output:
        **drawn("figure_equal_updates", "Evidence lower bound"),
    log:
        f"{RESULTS}/logs/figures/figure_equal_updates.log",
    conda:
        "../../envs/figures.yaml"
    params:
        studied="train_size",
        quantity="Training images",
        against=["images_seen"],
    script:
        "../../scripts/figure_learning_curves.py"
