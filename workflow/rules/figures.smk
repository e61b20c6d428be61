# Needs the tidy tables of results/evaluations, the arrays beside each model, and results/profiles.
# Gives results/figures/{name}.svg, .pdf and .png. A figure is a target by its rule's name and by
# each of its files; the target `figures` is all of them, of optional experiments those that are in
# the configuration.

SIMULATED = config["experiments"]["networks_like_for_like"]["datasets"][0]
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
    "ablation": "figure_7_1_ablation",
    "equal_updates": "figure_equal_updates",
    "aevb": "figure_aevb_bound",
}
FIGURES += [OPTIONAL_FIGURES[name] for name in EXPERIMENTS if name in OPTIONAL_FIGURES]


rule figures:
    input:
        expand(
            "results/figures/{name}.{kind}", name=FIGURES, kind=["svg", "pdf", "png"]
        ),


rule figure_5_1_profile:
    input:
        published="results/profiles/published_epoch.csv",
        numpy="results/profiles/numpy_epoch.csv",
        code=code_inputs("figure_5_1_profile.py"),
    output:
        svg=report(
            "results/figures/figure_5_1_profile.svg",
            caption="../report/captions/figure_5_1_profile.rst",
            category="Profiling",
            labels={"figure": "figure_5_1_profile"},
        ),
        pdf="results/figures/figure_5_1_profile.pdf",
        png="results/figures/figure_5_1_profile.png",
    log:
        "results/logs/figures/figure_5_1_profile.log",
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
        costs="results/profiles/cost_by_size.csv",
        code=code_inputs("figure_5_2_cost_by_size.py"),
    output:
        svg=report(
            "results/figures/figure_5_2_cost_by_size.svg",
            caption="../report/captions/figure_5_2_cost_by_size.rst",
            category="Profiling",
            labels={"figure": "figure_5_2_cost_by_size"},
        ),
        pdf="results/figures/figure_5_2_cost_by_size.pdf",
        png="results/figures/figure_5_2_cost_by_size.png",
    log:
        "results/logs/figures/figure_5_2_cost_by_size.log",
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
        dataset=f"results/datasets/{SIMULATED}.npz",
        code=code_inputs("figure_6_1_network_structures.py"),
    output:
        svg=report(
            "results/figures/figure_6_1_network_structures.svg",
            caption="../report/captions/figure_6_1_network_structures.rst",
            category="Simulated networks",
            labels={"figure": "figure_6_1_network_structures"},
        ),
        pdf="results/figures/figure_6_1_network_structures.pdf",
        png="results/figures/figure_6_1_network_structures.png",
    log:
        "results/logs/figures/figure_6_1_network_structures.log",
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
        published=f"{shown_runs(config, 'networks_published')[0].folder}/arrays.npz",
        like_for_like=f"{shown_runs(config, 'networks_like_for_like')[0].folder}/arrays.npz",
        code=code_inputs("figure_6_2_network_reconstructions.py"),
    output:
        svg=report(
            "results/figures/figure_6_2_network_reconstructions.svg",
            caption="../report/captions/figure_6_2_network_reconstructions.rst",
            category="Simulated networks",
            labels={"figure": "figure_6_2_network_reconstructions"},
        ),
        pdf="results/figures/figure_6_2_network_reconstructions.pdf",
        png="results/figures/figure_6_2_network_reconstructions.png",
    log:
        "results/logs/figures/figure_6_2_network_reconstructions.log",
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
        evaluations="results/evaluations/latent_dimension.csv",
        code=code_inputs("figure_6_3a_elbo_by_latent_dimension.py"),
    output:
        svg=report(
            "results/figures/figure_6_3a_elbo_by_latent_dimension.svg",
            caption="../report/captions/figure_6_3a_elbo_by_latent_dimension.rst",
            category="Evidence lower bound",
            labels={"figure": "figure_6_3a_elbo_by_latent_dimension"},
        ),
        pdf="results/figures/figure_6_3a_elbo_by_latent_dimension.pdf",
        png="results/figures/figure_6_3a_elbo_by_latent_dimension.png",
    log:
        "results/logs/figures/figure_6_3a_elbo_by_latent_dimension.log",
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
        evaluations="results/evaluations/training_size.csv",
        code=code_inputs("figure_6_3b_elbo_by_training_size.py"),
    output:
        svg=report(
            "results/figures/figure_6_3b_elbo_by_training_size.svg",
            caption="../report/captions/figure_6_3b_elbo_by_training_size.rst",
            category="Evidence lower bound",
            labels={"figure": "figure_6_3b_elbo_by_training_size"},
        ),
        pdf="results/figures/figure_6_3b_elbo_by_training_size.pdf",
        png="results/figures/figure_6_3b_elbo_by_training_size.png",
    log:
        "results/logs/figures/figure_6_3b_elbo_by_training_size.log",
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
        arrays=f"{shown_runs(config, 'manifold')[0].folder}/arrays.npz",
        code=code_inputs("figure_6_4_latent_manifold.py"),
    output:
        svg=report(
            "results/figures/figure_6_4_latent_manifold.svg",
            caption="../report/captions/figure_6_4_latent_manifold.rst",
            category="Latent space",
            labels={"figure": "figure_6_4_latent_manifold"},
        ),
        pdf="results/figures/figure_6_4_latent_manifold.pdf",
        png="results/figures/figure_6_4_latent_manifold.png",
    log:
        "results/logs/figures/figure_6_4_latent_manifold.log",
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
        arrays=[f"{run.folder}/arrays.npz" for run in shown_runs(config, "images")],
        code=code_inputs("figure_6_5_image_reconstructions.py"),
    output:
        svg=report(
            "results/figures/figure_6_5_image_reconstructions.svg",
            caption="../report/captions/figure_6_5_image_reconstructions.rst",
            category="Reconstructions",
            labels={"figure": "figure_6_5_image_reconstructions"},
        ),
        pdf="results/figures/figure_6_5_image_reconstructions.pdf",
        png="results/figures/figure_6_5_image_reconstructions.png",
    log:
        "results/logs/figures/figure_6_5_image_reconstructions.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=700,
        runtime="10m",
    params:
        datasets=[run.dataset for run in shown_runs(config, "images")],
        architectures=[run.architecture for run in shown_runs(config, "images")],
    script:
        "../../scripts/figure_6_5_image_reconstructions.py"


rule figure_6_6_model_reconstructions:
    input:
        arrays="results/evaluations/reconstruction.npz",
        evaluations="results/evaluations/reconstruction.csv",
        code=code_inputs("figure_6_6_model_reconstructions.py"),
    output:
        svg=report(
            "results/figures/figure_6_6_model_reconstructions.svg",
            caption="../report/captions/figure_6_6_model_reconstructions.rst",
            category="Reconstructions",
            labels={"figure": "figure_6_6_model_reconstructions"},
        ),
        pdf="results/figures/figure_6_6_model_reconstructions.pdf",
        png="results/figures/figure_6_6_model_reconstructions.png",
    log:
        "results/logs/figures/figure_6_6_model_reconstructions.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=700,
        runtime="10m",
    script:
        "../../scripts/figure_6_6_model_reconstructions.py"


rule figure_prior_samples:
    input:
        arrays=[
            f"{run.folder}/arrays.npz"
            for run in shown_runs(config, "comparison", "images")
        ],
        code=code_inputs("figure_prior_samples.py"),
    output:
        svg=report(
            "results/figures/figure_prior_samples.svg",
            caption="../report/captions/figure_prior_samples.rst",
            category="Latent space",
            labels={"figure": "figure_prior_samples"},
        ),
        pdf="results/figures/figure_prior_samples.pdf",
        png="results/figures/figure_prior_samples.png",
    log:
        "results/logs/figures/figure_prior_samples.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=700,
        runtime="10m",
    params:
        datasets=[run.dataset for run in shown_runs(config, "comparison", "images")],
        architectures=[
            run.architecture for run in shown_runs(config, "comparison", "images")
        ],
    script:
        "../../scripts/figure_prior_samples.py"


rule figure_7_1_ablation:
    input:
        evaluations="results/evaluations/ablation.csv",
        code=code_inputs("figure_7_1_ablation.py"),
    output:
        svg=report(
            "results/figures/figure_7_1_ablation.svg",
            caption="../report/captions/figure_7_1_ablation.rst",
            category="Evidence lower bound",
            labels={"figure": "figure_7_1_ablation"},
        ),
        pdf="results/figures/figure_7_1_ablation.pdf",
        png="results/figures/figure_7_1_ablation.png",
    log:
        "results/logs/figures/figure_7_1_ablation.log",
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
        evaluations="results/evaluations/aevb.csv",
        code=code_inputs("figure_aevb_bound.py"),
    output:
        svg=report(
            "results/figures/figure_aevb_bound.svg",
            caption="../report/captions/figure_aevb_bound.rst",
            category="Evidence lower bound",
            labels={"figure": "figure_aevb_bound"},
        ),
        pdf="results/figures/figure_aevb_bound.pdf",
        png="results/figures/figure_aevb_bound.png",
    log:
        "results/logs/figures/figure_aevb_bound.log",
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
        evaluations="results/evaluations/equal_updates.csv",
        code=code_inputs("figure_equal_updates.py"),
    output:
        svg=report(
            "results/figures/figure_equal_updates.svg",
            caption="../report/captions/figure_equal_updates.rst",
            category="Evidence lower bound",
            labels={"figure": "figure_equal_updates"},
        ),
        pdf="results/figures/figure_equal_updates.pdf",
        png="results/figures/figure_equal_updates.png",
    log:
        "results/logs/figures/figure_equal_updates.log",
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=700,
        runtime="10m",
    script:
        "../../scripts/figure_equal_updates.py"
