# The optional experiment `networks_as_written`: the batches that the report's text states.
# Needs evaluations/networks_as_written.csv. Gives rows of table_network_loss, which has one for every
# experiment on networks.
