# The optional experiment `networks_as_written`: the batches that the report's text states.
# Needs evaluations/networks_as_written.csv. Gives rows of table_network_loss, which has one for every
# experiment on networks, and the figure of their bounds.


rule figure_networks_while_training:
    input:
        **NETWORK_RESULTS,
    output:
        **drawn("figure_networks_while_training", "Simulated networks"),
    conda:
        "../../envs/figures.yaml"
    script:
        "../../scripts/figure_networks_while_training.py"
