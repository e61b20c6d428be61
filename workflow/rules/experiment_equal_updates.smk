# The optional experiment `equal_updates`: every training size with as many updates.
# Needs evaluations/equal_updates.csv. Gives its figure.


use rule figure_6_3a_elbo_by_latent_dimension as figure_equal_updates with:
    input:
        evaluations=f"{RESULTS}/evaluations/equal_updates.csv",
    output:
        **drawn("figure_equal_updates", "Evidence lower bound"),
    params:
        studied="train_size",
        quantity="Training images",
        against=["images_seen"],
        apart=False,
