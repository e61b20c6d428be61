# The optional experiment `aevb`: that of the paper that the report is built on.
# Needs evaluations/aevb.csv. Gives its figure.


use rule figure_6_3a_elbo_by_latent_dimension as figure_aevb_bound with:
    input:
        evaluations=f"{RESULTS}/evaluations/aevb.csv",
    output:
        **drawn("figure_aevb_bound", "Evidence lower bound"),
    params:
        studied="latent_dimension",
        quantity="Latent dimension",
        against=["images_seen"],
        apart=False,
