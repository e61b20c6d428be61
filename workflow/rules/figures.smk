# Needs the tidy tables of evaluations/, the images and codes beside each model, and profiles/: those
# in results/, or the ones kept in results/reference/ (RESULTS says which).
# Gives figures/{name}.svg, .pdf and .png in the same folder. A figure is a target by its rule's name and by
# each of its files; the target `figures` is all of them, of optional experiments those that are in
# the configuration.

SIMULATED = config["experiments"]["networks_like_for_like"]["datasets"][0]
PLANE, PUBLISHED_NETWORKS, SIMULATED_NETWORKS = (
    f"{RESULTS}/{shown_runs(config, name)[0].folder}"
    for name in ("manifold", "networks_published", "networks_like_for_like")
)
IMAGE_RUNS = shown_runs(config, "images")
SAMPLED_RUNS = shown_runs(config, "comparison", "images")
FIGURES = [
    "figure_5_1_profile",
    "figure_5_2_cost_by_size",
    "figure_6_1_network_structures",
    "figure_6_2_network_reconstructions",
    "figure_6_3a_elbo_by_latent_dimension",
    "figure_6_3b_elbo_by_training_size",
    "figure_6_4_latent_manifold",
    "figure_6_5_image_reconstructions",
    "figure_6_6_model_reconstructions",
    "figure_prior_samples",
]
OPTIONAL_FIGURES = {
    "ablation": ["figure_7_1_ablation"],
    "equal_updates": ["figure_equal_updates"],
    "aevb": ["figure_aevb_bound"],
    "likelihood": [
        "figure_likelihood_against_error",
        "figure_model_samples",
        "figure_boltzmann_training",
    ],
}
FIGURES += [figure for name in EXPERIMENTS for figure in OPTIONAL_FIGURES.get(name, [])]


rule figures:
    input:
        expand(
            f"{RESULTS}/figures/{{name}}.{{kind}}",
            name=FIGURES,
            kind=["svg", "pdf", "png"],
        ),


rule figure_5_1_profile:
    input:
        published=f"{RESULTS}/profiles/published_epoch.csv",
        numpy=f"{RESULTS}/profiles/numpy_epoch.csv",
        code=code_inputs("figure_5_1_profile.py"),
    output:
        svg=report(
            f"{RESULTS}/figures/figure_5_1_profile.svg",
            caption="../report/captions/figure_5_1_profile.rst",
            category="Profiling",
            labels={"figure": "figure_5_1_profile"},
        ),
        pdf=f"{RESULTS}/figures/figure_5_1_profile.pdf",
        png=f"{RESULTS}/figures/figure_5_1_profile.png",
    log:
        f"{RESULTS}/logs/figures/figure_5_1_profile.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=700,
        runtime="10m",
    params:
        listing=PUBLISHED["profile"],
        listing_total=PUBLISHED["table_5_1"]["numpy"]["CPU"],
    script:
        "../../scripts/figure_5_1_profile.py"


rule figure_5_2_cost_by_size:
    input:
        costs=f"{RESULTS}/profiles/cost_by_size.csv",
        code=code_inputs("figure_5_2_cost_by_size.py"),
    output:
        svg=report(
            f"{RESULTS}/figures/figure_5_2_cost_by_size.svg",
            caption="../report/captions/figure_5_2_cost_by_size.rst",
            category="Profiling",
            labels={"figure": "figure_5_2_cost_by_size"},
        ),
        pdf=f"{RESULTS}/figures/figure_5_2_cost_by_size.pdf",
        png=f"{RESULTS}/figures/figure_5_2_cost_by_size.png",
    log:
        f"{RESULTS}/logs/figures/figure_5_2_cost_by_size.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=700,
        runtime="10m",
    script:
        "../../scripts/figure_5_2_cost_by_size.py"


rule figure_6_1_network_structures:
    input:
        dataset=f"{RESULTS}/datasets/{SIMULATED}.npz",
        code=code_inputs("figure_6_1_network_structures.py"),
    output:
        svg=report(
            f"{RESULTS}/figures/figure_6_1_network_structures.svg",
            caption="../report/captions/figure_6_1_network_structures.rst",
            category="Simulated networks",
            labels={"figure": "figure_6_1_network_structures"},
        ),
        pdf=f"{RESULTS}/figures/figure_6_1_network_structures.pdf",
        png=f"{RESULTS}/figures/figure_6_1_network_structures.png",
    log:
        f"{RESULTS}/logs/figures/figure_6_1_network_structures.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=700,
        runtime="10m",
    params:
        community_sizes=community_sizes(config["datasets"][SIMULATED]),
    script:
        "../../scripts/figure_6_1_network_structures.py"


rule figure_6_2_network_reconstructions:
    input:
        published=multiext(f"{PUBLISHED_NETWORKS}/", "images.npz", "codes.npz"),
        like_for_like=multiext(f"{SIMULATED_NETWORKS}/", "images.npz", "codes.npz"),
        code=code_inputs("figure_6_2_network_reconstructions.py"),
    output:
        svg=report(
            f"{RESULTS}/figures/figure_6_2_network_reconstructions.svg",
            caption="../report/captions/figure_6_2_network_reconstructions.rst",
            category="Simulated networks",
            labels={"figure": "figure_6_2_network_reconstructions"},
        ),
        pdf=f"{RESULTS}/figures/figure_6_2_network_reconstructions.pdf",
        png=f"{RESULTS}/figures/figure_6_2_network_reconstructions.png",
    log:
        f"{RESULTS}/logs/figures/figure_6_2_network_reconstructions.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=700,
        runtime="10m",
    script:
        "../../scripts/figure_6_2_network_reconstructions.py"


rule figure_6_3a_elbo_by_latent_dimension:
    input:
        evaluations=f"{RESULTS}/evaluations/latent_dimension.csv",
        code=code_inputs("figure_6_3a_elbo_by_latent_dimension.py"),
    output:
        svg=report(
            f"{RESULTS}/figures/figure_6_3a_elbo_by_latent_dimension.svg",
            caption="../report/captions/figure_6_3a_elbo_by_latent_dimension.rst",
            category="Evidence lower bound",
            labels={"figure": "figure_6_3a_elbo_by_latent_dimension"},
        ),
        pdf=f"{RESULTS}/figures/figure_6_3a_elbo_by_latent_dimension.pdf",
        png=f"{RESULTS}/figures/figure_6_3a_elbo_by_latent_dimension.png",
    log:
        f"{RESULTS}/logs/figures/figure_6_3a_elbo_by_latent_dimension.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=700,
        runtime="10m",
    script:
        "../../scripts/figure_6_3a_elbo_by_latent_dimension.py"


rule figure_6_3b_elbo_by_training_size:
    input:
        evaluations=f"{RESULTS}/evaluations/training_size.csv",
        code=code_inputs("figure_6_3b_elbo_by_training_size.py"),
    output:
        svg=report(
            f"{RESULTS}/figures/figure_6_3b_elbo_by_training_size.svg",
            caption="../report/captions/figure_6_3b_elbo_by_training_size.rst",
            category="Evidence lower bound",
            labels={"figure": "figure_6_3b_elbo_by_training_size"},
        ),
        pdf=f"{RESULTS}/figures/figure_6_3b_elbo_by_training_size.pdf",
        png=f"{RESULTS}/figures/figure_6_3b_elbo_by_training_size.png",
    log:
        f"{RESULTS}/logs/figures/figure_6_3b_elbo_by_training_size.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=700,
        runtime="10m",
    script:
        "../../scripts/figure_6_3b_elbo_by_training_size.py"


rule figure_6_4_latent_manifold:
    input:
        images=f"{PLANE}/images.npz",
        codes=f"{PLANE}/codes.npz",
        code=code_inputs("figure_6_4_latent_manifold.py"),
    output:
        svg=report(
            f"{RESULTS}/figures/figure_6_4_latent_manifold.svg",
            caption="../report/captions/figure_6_4_latent_manifold.rst",
            category="Latent space",
            labels={"figure": "figure_6_4_latent_manifold"},
        ),
        pdf=f"{RESULTS}/figures/figure_6_4_latent_manifold.pdf",
        png=f"{RESULTS}/figures/figure_6_4_latent_manifold.png",
    log:
        f"{RESULTS}/logs/figures/figure_6_4_latent_manifold.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=700,
        runtime="10m",
    script:
        "../../scripts/figure_6_4_latent_manifold.py"


rule figure_6_5_image_reconstructions:
    input:
        images=[f"{RESULTS}/{run.folder}/images.npz" for run in IMAGE_RUNS],
        code=code_inputs("figure_6_5_image_reconstructions.py"),
    output:
        svg=report(
            f"{RESULTS}/figures/figure_6_5_image_reconstructions.svg",
            caption="../report/captions/figure_6_5_image_reconstructions.rst",
            category="Reconstructions",
            labels={"figure": "figure_6_5_image_reconstructions"},
        ),
        pdf=f"{RESULTS}/figures/figure_6_5_image_reconstructions.pdf",
        png=f"{RESULTS}/figures/figure_6_5_image_reconstructions.png",
    log:
        f"{RESULTS}/logs/figures/figure_6_5_image_reconstructions.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=700,
        runtime="10m",
    params:
        datasets=[run.dataset for run in IMAGE_RUNS],
        architectures=[run.architecture for run in IMAGE_RUNS],
    script:
        "../../scripts/figure_6_5_image_reconstructions.py"


rule figure_6_6_model_reconstructions:
    input:
        images=f"{RESULTS}/evaluations/reconstruction.npz",
        evaluations=f"{RESULTS}/evaluations/reconstruction.csv",
        code=code_inputs("figure_6_6_model_reconstructions.py"),
    output:
        svg=report(
            f"{RESULTS}/figures/figure_6_6_model_reconstructions.svg",
            caption="../report/captions/figure_6_6_model_reconstructions.rst",
            category="Reconstructions",
            labels={"figure": "figure_6_6_model_reconstructions"},
        ),
        pdf=f"{RESULTS}/figures/figure_6_6_model_reconstructions.pdf",
        png=f"{RESULTS}/figures/figure_6_6_model_reconstructions.png",
    log:
        f"{RESULTS}/logs/figures/figure_6_6_model_reconstructions.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=700,
        runtime="10m",
    params:
        models=COMPARED_MODELS,
    script:
        "../../scripts/figure_6_6_model_reconstructions.py"


rule figure_prior_samples:
    input:
        images=[f"{RESULTS}/{run.folder}/images.npz" for run in SAMPLED_RUNS],
        code=code_inputs("figure_prior_samples.py"),
    output:
        svg=report(
            f"{RESULTS}/figures/figure_prior_samples.svg",
            caption="../report/captions/figure_prior_samples.rst",
            category="Latent space",
            labels={"figure": "figure_prior_samples"},
        ),
        pdf=f"{RESULTS}/figures/figure_prior_samples.pdf",
        png=f"{RESULTS}/figures/figure_prior_samples.png",
    log:
        f"{RESULTS}/logs/figures/figure_prior_samples.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=700,
        runtime="10m",
    params:
        datasets=[run.dataset for run in SAMPLED_RUNS],
        architectures=[run.architecture for run in SAMPLED_RUNS],
        latent_dimensions=[run.latent_dimension for run in SAMPLED_RUNS],
    script:
        "../../scripts/figure_prior_samples.py"


rule figure_7_1_ablation:
    input:
        evaluations=f"{RESULTS}/evaluations/ablation.csv",
        code=code_inputs("figure_7_1_ablation.py"),
    output:
        svg=report(
            f"{RESULTS}/figures/figure_7_1_ablation.svg",
            caption="../report/captions/figure_7_1_ablation.rst",
            category="Evidence lower bound",
            labels={"figure": "figure_7_1_ablation"},
        ),
        pdf=f"{RESULTS}/figures/figure_7_1_ablation.pdf",
        png=f"{RESULTS}/figures/figure_7_1_ablation.png",
    log:
        f"{RESULTS}/logs/figures/figure_7_1_ablation.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=700,
        runtime="10m",
    params:
        trainings=lambda wildcards: {
            run.training: training_settings(config, run.training)
            for run in experiment_runs(config, "ablation")
        },
    script:
        "../../scripts/figure_7_1_ablation.py"


rule figure_aevb_bound:
    input:
        evaluations=f"{RESULTS}/evaluations/aevb.csv",
        code=code_inputs("figure_aevb_bound.py"),
    output:
        svg=report(
            f"{RESULTS}/figures/figure_aevb_bound.svg",
            caption="../report/captions/figure_aevb_bound.rst",
            category="Evidence lower bound",
            labels={"figure": "figure_aevb_bound"},
        ),
        pdf=f"{RESULTS}/figures/figure_aevb_bound.pdf",
        png=f"{RESULTS}/figures/figure_aevb_bound.png",
    log:
        f"{RESULTS}/logs/figures/figure_aevb_bound.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=700,
        runtime="10m",
    script:
        "../../scripts/figure_aevb_bound.py"


rule figure_equal_updates:
    input:
        evaluations=f"{RESULTS}/evaluations/equal_updates.csv",
        code=code_inputs("figure_equal_updates.py"),
    output:
        svg=report(
            f"{RESULTS}/figures/figure_equal_updates.svg",
            caption="../report/captions/figure_equal_updates.rst",
            category="Evidence lower bound",
            labels={"figure": "figure_equal_updates"},
        ),
        pdf=f"{RESULTS}/figures/figure_equal_updates.pdf",
        png=f"{RESULTS}/figures/figure_equal_updates.png",
    log:
        f"{RESULTS}/logs/figures/figure_equal_updates.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=700,
        runtime="10m",
    script:
        "../../scripts/figure_equal_updates.py"


rule figure_likelihood_against_error:
    input:
        likelihood=f"{RESULTS}/evaluations/likelihoods.csv",
        code=code_inputs("figure_likelihood_against_error.py"),
    output:
        svg=report(
            f"{RESULTS}/figures/figure_likelihood_against_error.svg",
            caption="../report/captions/figure_likelihood_against_error.rst",
            category="Likelihoods",
            labels={"figure": "figure_likelihood_against_error"},
        ),
        pdf=f"{RESULTS}/figures/figure_likelihood_against_error.pdf",
        png=f"{RESULTS}/figures/figure_likelihood_against_error.png",
    log:
        f"{RESULTS}/logs/figures/figure_likelihood_against_error.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=700,
        runtime="10m",
    params:
        models=COMPARED_MODELS,
    script:
        "../../scripts/figure_likelihood_against_error.py"


rule figure_model_samples:
    input:
        samples=f"{RESULTS}/evaluations/samples.npz",
        code=code_inputs("figure_model_samples.py"),
    output:
        svg=report(
            f"{RESULTS}/figures/figure_model_samples.svg",
            caption="../report/captions/figure_model_samples.rst",
            category="Likelihoods",
            labels={"figure": "figure_model_samples"},
        ),
        pdf=f"{RESULTS}/figures/figure_model_samples.pdf",
        png=f"{RESULTS}/figures/figure_model_samples.png",
    log:
        f"{RESULTS}/logs/figures/figure_model_samples.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=700,
        runtime="10m",
    params:
        models=COMPARED_MODELS,
    script:
        "../../scripts/figure_model_samples.py"


rule figure_boltzmann_training:
    input:
        training=f"{RESULTS}/evaluations/boltzmann_training.csv",
        filters=f"{RESULTS}/evaluations/boltzmann_training.npz",
        code=code_inputs("figure_boltzmann_training.py"),
    output:
        svg=report(
            f"{RESULTS}/figures/figure_boltzmann_training.svg",
            caption="../report/captions/figure_boltzmann_training.rst",
            category="Likelihoods",
            labels={"figure": "figure_boltzmann_training"},
        ),
        pdf=f"{RESULTS}/figures/figure_boltzmann_training.pdf",
        png=f"{RESULTS}/figures/figure_boltzmann_training.png",
    log:
        f"{RESULTS}/logs/figures/figure_boltzmann_training.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=700,
        runtime="10m",
    params:
        labels={family: COMPARED_MODELS[family]["label"] for family in ("rbm", "dbn")},
    script:
        "../../scripts/figure_boltzmann_training.py"
