# Needs the VAEs of the experiment `likelihood`, the Boltzmann machines of the comparison, and the
# dataset that all were trained on; included only where the configuration has that experiment.
# Gives results/evaluations: likelihood.csv, the log-likelihood of every model on black and white test
# images; samples.npz, images that the models draw; boltzmann_training.csv and .npz, how the machines
# trained and what filters they learned.

LIKELIHOOD = config["likelihood"]
LIKELIHOOD_RUNS = experiment_runs(config, "likelihood")
MACHINE_RUNS = machine_runs(config)
SAMPLED_VAE = max(
    shown_runs(config, "likelihood"), key=lambda run: run.latent_dimension
)
SAMPLED_RBM, SAMPLED_DBN = (machine_runs(config, name)[0] for name in ("rbm", "dbn"))


rule estimate_vae_likelihood:
    input:
        dataset="results/datasets/{dataset}.npz",
        model=f"results/{RUN_PATTERN}/model.npz",
        code=code_inputs("estimate_vae_likelihood.py"),
    output:
        likelihoods=f"results/{RUN_PATTERN}/likelihood.csv",
    log:
        f"results/{RUN_PATTERN}/likelihood.log",
    conda:
        "../../envs/evaluation.yaml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime="2h",
    params:
        run_parameters=lambda wildcards: vars(Run.from_wildcards(wildcards)),
        binarisation=lambda wildcards: binarisation(config, wildcards.training),
        importance_samples=LIKELIHOOD["importance_samples"],
        test_images=LIKELIHOOD["test_images"],
        root_seed=config["seed"],
    script:
        "../../scripts/estimate_vae_likelihood.py"


rule estimate_machine_likelihood:
    input:
        dataset="results/datasets/{dataset}.npz",
        model=f"results/{MACHINE_PATTERN}/model.npz",
        code=code_inputs("estimate_machine_likelihood.py"),
    output:
        likelihoods=f"results/{MACHINE_PATTERN}/likelihood.csv",
    log:
        f"results/{MACHINE_PATTERN}/likelihood.log",
    conda:
        "../../envs/evaluation.yaml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime="2h",
    params:
        name="{dataset}",
        machine="{machine}",
        seed=lambda wildcards: int(wildcards.seed),
        annealing=LIKELIHOOD["annealing"],
        test_images=LIKELIHOOD["test_images"],
        root_seed=config["seed"],
    script:
        "../../scripts/estimate_machine_likelihood.py"


rule estimate_pixel_likelihood:
    input:
        dataset=f"results/datasets/{SAMPLED_VAE.dataset}.npz",
        code=code_inputs("estimate_pixel_likelihood.py"),
    output:
        likelihoods="results/evaluations/likelihoods/pixels.csv",
    log:
        "results/logs/evaluations/pixels.log",
    conda:
        "../../envs/evaluation.yaml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime="2h",
    params:
        name=SAMPLED_VAE.dataset,
        seeds=[run.seed for run in machine_runs(config, "rbm")],
        mixture_components=LIKELIHOOD["mixtures"]["components"],
        smoothing=LIKELIHOOD["mixtures"]["smoothing"],
        test_images=LIKELIHOOD["test_images"],
        root_seed=config["seed"],
    script:
        "../../scripts/estimate_pixel_likelihood.py"


rule collect_likelihoods:
    input:
        likelihoods=[
            *[
                f"results/{run.folder}/likelihood.csv"
                for run in LIKELIHOOD_RUNS + MACHINE_RUNS
            ],
            "results/evaluations/likelihoods/pixels.csv",
        ],
        code=code_inputs("collect_likelihoods.py"),
    output:
        table="results/evaluations/likelihoods.csv",
    log:
        "results/logs/evaluations/likelihoods.log",
    conda:
        "../../envs/evaluation.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime="10m",
    script:
        "../../scripts/collect_likelihoods.py"


rule draw_model_samples:
    input:
        dataset=f"results/datasets/{SAMPLED_VAE.dataset}.npz",
        vae=f"results/{SAMPLED_VAE.folder}/model.npz",
        rbm=f"results/{SAMPLED_RBM.folder}/model.npz",
        dbn=f"results/{SAMPLED_DBN.folder}/model.npz",
        code=code_inputs("draw_model_samples.py"),
    output:
        samples="results/evaluations/samples.npz",
    log:
        "results/logs/evaluations/samples.log",
    conda:
        "../../envs/evaluation.yaml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime="30m",
    params:
        name=SAMPLED_VAE.dataset,
        gibbs_steps=LIKELIHOOD["annealing"]["gibbs_steps"],
        root_seed=config["seed"],
    script:
        "../../scripts/draw_model_samples.py"


rule collect_boltzmann_training:
    input:
        dataset=f"results/datasets/{SAMPLED_RBM.dataset}.npz",
        histories=[f"results/{run.folder}/history.csv" for run in MACHINE_RUNS],
        rbm=f"results/{SAMPLED_RBM.folder}/model.npz",
        dbn=f"results/{SAMPLED_DBN.folder}/model.npz",
        code=code_inputs("collect_boltzmann_training.py"),
    output:
        training="results/evaluations/boltzmann_training.csv",
        filters="results/evaluations/boltzmann_training.npz",
    log:
        "results/logs/evaluations/boltzmann_training.log",
    conda:
        "../../envs/evaluation.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime="10m",
    params:
        name=SAMPLED_RBM.dataset,
        machines=[run.machine for run in MACHINE_RUNS],
        seeds=[run.seed for run in MACHINE_RUNS],
    script:
        "../../scripts/collect_boltzmann_training.py"
