# Needs the VAEs of the experiment `marginal_likelihood`, the baselines of the comparison, and the dataset that
# all were trained on; included only where the configuration has that experiment.
# Gives results/evaluations: likelihood.csv, the log-likelihood of every model on black and white test
# images; samples.npz, images that the models draw; two_samples.csv, how well such images can be told
# from held-out ones; boltzmann_training.csv and .npz, how the Boltzmann
# machines trained and what filters they learned.

from study.models import MODELS

LIKELIHOOD = config["marginal_likelihood"]
SAMPLED_VAE = max(
    shown_runs(config, "marginal_likelihood"), key=lambda run: run.latent_dimension
)
FIRST_SEED = baseline_runs(config)[0].seed
SAMPLED_MODELS = [SAMPLED_VAE]
SAMPLED_MODELS += [run for run in baseline_runs(config) if run.seed == FIRST_SEED]
ESTIMATED = {
    run.folder: run
    for run in experiment_runs(config, "marginal_likelihood") + baseline_runs(config)
    if not MODELS[run.family].without_likelihood
}
BOLTZMANN_RUNS = baseline_runs(config, *config["boltzmann_machines"])


rule estimate_likelihood:
    input:
        dataset=lambda wildcards: (
            f"results/datasets/{ESTIMATED[wildcards.folder].dataset}.npz"
        ),
        model="results/{folder}/model.npz",
    output:
        likelihoods="results/{folder}/likelihood.csv",
    log:
        "results/{folder}/likelihood.log",
    wildcard_constraints:
        folder="|".join(ESTIMATED),
    conda:
        "../../envs/evaluation.yaml"
    resources:
        mem_mb=growing(1500),
        runtime=growing(120),
    params:
        code=lambda wildcards: code_digest(
            "estimate_likelihood.py",
            f"study.models.{ESTIMATED[wildcards.folder].family}",
        ),
        family=lambda wildcards: ESTIMATED[wildcards.folder].family,
        run_parameters=lambda wildcards: ESTIMATED[wildcards.folder].parameters,
        binarisation=lambda wildcards: binarisation(config, ESTIMATED[wildcards.folder]),
        settings=lambda wildcards: {
            key: LIKELIHOOD[key]
            for key in MODELS[ESTIMATED[wildcards.folder].family].likelihood_settings
        },
        test_images=LIKELIHOOD["test_images"],
        root_seed=config["seed"],
    script:
        "../../scripts/estimate_likelihood.py"


rule estimate_pixel_likelihood:
    input:
        dataset=f"results/datasets/{SAMPLED_VAE.dataset}.npz",
    output:
        likelihoods="results/evaluations/likelihoods/pixels.csv",
    log:
        "results/logs/evaluations/pixels.log",
    conda:
        "../../envs/evaluation.yaml"
    resources:
        mem_mb=growing(1500),
        runtime=growing(120),
    params:
        name=SAMPLED_VAE.dataset,
        seeds=[run.seed for run in baseline_runs(config, "rbm")],
        mixture_components=LIKELIHOOD["mixtures"]["components"],
        smoothing=LIKELIHOOD["mixtures"]["smoothing"],
        test_images=LIKELIHOOD["test_images"],
        root_seed=config["seed"],
    script:
        "../../scripts/estimate_pixel_likelihood.py"


rule collect_likelihoods:
    input:
        likelihoods=[
            *[f"results/{folder}/likelihood.csv" for folder in ESTIMATED],
            "results/evaluations/likelihoods/pixels.csv",
        ],
    output:
        table="results/evaluations/likelihoods.csv",
    conda:
        "../../envs/evaluation.yaml"
    script:
        "../../scripts/collect_likelihoods.py"


rule draw_model_samples:
    input:
        dataset=f"results/datasets/{SAMPLED_VAE.dataset}.npz",
        models=[f"results/{run.folder}/model.npz" for run in SAMPLED_MODELS],
    output:
        samples="results/evaluations/samples.npz",
    conda:
        "../../envs/evaluation.yaml"
    resources:
        mem_mb=growing(1500),
    params:
        code=code_digest(
            "draw_model_samples.py",
            *[f"study.models.{run.family}" for run in SAMPLED_MODELS],
        ),
        name=SAMPLED_VAE.dataset,
        families=[run.family for run in SAMPLED_MODELS],
        gibbs_steps=LIKELIHOOD["annealing"]["gibbs_steps"],
        root_seed=config["seed"],
    script:
        "../../scripts/draw_model_samples.py"


rule compare_samples:
    input:
        dataset=rules.draw_model_samples.input.dataset,
        models=rules.draw_model_samples.input.models,
    output:
        table="results/evaluations/two_samples.csv",
    conda:
        "../../envs/evaluation.yaml"
    resources:
        mem_mb=growing(1500),
    params:
        code=code_digest(
            "compare_samples.py",
            *[f"study.models.{run.family}" for run in SAMPLED_MODELS],
        ),
        name=SAMPLED_VAE.dataset,
        families=[run.family for run in SAMPLED_MODELS],
        seeds=[run.seed for run in SAMPLED_MODELS],
        gibbs_steps=LIKELIHOOD["annealing"]["gibbs_steps"],
        root_seed=config["seed"],
    script:
        "../../scripts/compare_samples.py"


rule collect_boltzmann_training:
    input:
        dataset=f"results/datasets/{SAMPLED_VAE.dataset}.npz",
        histories=[f"results/{run.folder}/history.csv" for run in BOLTZMANN_RUNS],
        models=[f"results/{run.folder}/model.npz" for run in BOLTZMANN_RUNS],
    output:
        training="results/evaluations/boltzmann_training.csv",
        filters="results/evaluations/boltzmann_training.npz",
    conda:
        "../../envs/evaluation.yaml"
    params:
        name=SAMPLED_VAE.dataset,
        families=[run.family for run in BOLTZMANN_RUNS],
        seeds=[run.seed for run in BOLTZMANN_RUNS],
    script:
        "../../scripts/collect_boltzmann_training.py"
