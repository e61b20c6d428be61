# Needs the tidy tables of evaluations/, the images and codes beside each model, and profiles/: those
# in results/, or the ones kept in results/reference/ (RESULTS says which).
# Gives figures/{name}.svg, .pdf and .png in the same folder. A figure is a target by its rule's name
# and by each of its files. Those of an optional experiment are in experiment_{experiment}.smk.

SIMULATED = config["experiments"]["networks_like_for_like"]["datasets"][0]
PLANE, PUBLISHED_NETWORKS, SIMULATED_NETWORKS = (
    f"{RESULTS}/{shown_runs(config, name)[0].folder}"
    for name in ("manifold", "networks_published", "networks_like_for_like")
)
SAMPLED_RUNS = shown_runs(config, "comparison", "images")


rule figure_5_1_profile:
    input:
        **PROFILES,
    output:
        **drawn("figure_5_1_profile", "Profiling"),
    conda:
        "../../envs/figures.yaml"
    params:
        labels=LABELS,
        listing=REPORTED["profile"],
        listing_total=REPORTED["table_5_1"]["numpy"]["CPU"],
    script:
        "../../scripts/figure_5_1_profile.py"


rule figure_5_2_cost_by_size:
    input:
        costs=f"{RESULTS}/profiles/cost_by_size.csv",
    output:
        **drawn("figure_5_2_cost_by_size", "Profiling"),
    conda:
        "../../envs/figures.yaml"
    params:
        labels=LABELS,
    script:
        "../../scripts/figure_5_2_cost_by_size.py"


rule figure_6_1_network_structures:
    input:
        dataset=f"{RESULTS}/datasets/{SIMULATED}.npz",
    output:
        **drawn("figure_6_1_network_structures", "Simulated networks"),
    conda:
        "../../envs/figures.yaml"
    params:
        community_sizes=community_sizes(config["datasets"][SIMULATED]),
    script:
        "../../scripts/figure_6_1_network_structures.py"


rule figure_6_2_network_reconstructions:
    input:
        published=multiext(f"{PUBLISHED_NETWORKS}/", "images.npz", "codes.npz"),
        like_for_like=multiext(f"{SIMULATED_NETWORKS}/", "images.npz", "codes.npz"),
    output:
        **drawn("figure_6_2_network_reconstructions", "Simulated networks"),
    conda:
        "../../envs/figures.yaml"
    script:
        "../../scripts/figure_6_2_network_reconstructions.py"


rule figure_6_3a_elbo_by_latent_dimension:
    input:
        evaluations=f"{RESULTS}/evaluations/latent_dimension.csv",
    output:
        **drawn("figure_6_3a_elbo_by_latent_dimension", "Evidence lower bound"),
    conda:
        "../../envs/figures.yaml"
    params:
        studied="latent_dimension",
        quantity="Latent dimension",
        against=["epoch"],
        apart=True,
    script:
        "../../scripts/figure_learning_curves.py"


use rule figure_6_3a_elbo_by_latent_dimension as figure_6_3b_elbo_by_training_size with:
    input:
        evaluations=f"{RESULTS}/evaluations/training_size.csv",
    output:
        **drawn("figure_6_3b_elbo_by_training_size", "Evidence lower bound"),
    params:
        studied="train_size",
        quantity="Training images",
        against=["epoch", "images_seen"],
        apart=False,


rule figure_6_4_latent_manifold:
    input:
        images=f"{PLANE}/images.npz",
        codes=f"{PLANE}/codes.npz",
    output:
        **drawn("figure_6_4_latent_manifold", "Latent space"),
    conda:
        "../../envs/figures.yaml"
    script:
        "../../scripts/figure_6_4_latent_manifold.py"


rule figure_6_5_image_reconstructions:
    input:
        images=[f"{RESULTS}/{run.folder}/images.npz" for run in IMAGE_RUNS],
    output:
        **drawn("figure_6_5_image_reconstructions", "Reconstructions"),
    conda:
        "../../envs/figures.yaml"
    params:
        datasets=[run.dataset for run in IMAGE_RUNS],
        architectures=[run.architecture for run in IMAGE_RUNS],
    script:
        "../../scripts/figure_6_5_image_reconstructions.py"


rule figure_6_6_model_reconstructions:
    input:
        images=f"{RESULTS}/evaluations/reconstruction.npz",
        evaluations=f"{RESULTS}/evaluations/reconstruction.csv",
    output:
        **drawn("figure_6_6_model_reconstructions", "Reconstructions"),
    conda:
        "../../envs/figures.yaml"
    params:
        models=COMPARED_MODELS,
    script:
        "../../scripts/figure_6_6_model_reconstructions.py"


rule figure_prior_samples:
    input:
        images=[f"{RESULTS}/{run.folder}/images.npz" for run in SAMPLED_RUNS],
    output:
        **drawn("figure_prior_samples", "Latent space"),
    conda:
        "../../envs/figures.yaml"
    params:
        datasets=[run.dataset for run in SAMPLED_RUNS],
        architectures=[run.architecture for run in SAMPLED_RUNS],
        latent_dimensions=[run.latent_dimension for run in SAMPLED_RUNS],
    script:
        "../../scripts/figure_prior_samples.py"


# Of results that were kept before steps were recorded there is none.
if RESULTS == "results" or Path(RESULTS, "steps.csv").exists():

    rule figure_workflow:
        input:
            steps=f"{RESULTS}/steps.csv",
        output:
            **drawn("figure_workflow", "Provenance"),
        conda:
            "../../envs/figures.yaml"
        script:
            "../../scripts/figure_workflow.py"
