# The optional experiment `networks_upper_triangle`: networks as their entries above the diagonal.
# Needs evaluations/networks_upper_triangle.csv. Gives rows of table_network_loss.
