# Needs the tidy tables of evaluations/, the data cards and profiles/: those in results/, or the ones
# kept in results/reference/ (RESULTS says which).
# Gives tables/{name}.csv and .md in the same folder, and claims.json. A table is a target by its
# rule's name and by each of its files.

from planning.runs import trainings_by_experiment


rule table_5_1a_as_published:
    input:
        jobs=f"{RESULTS}/profiles/report_jobs.csv",
    output:
        **tabulated("table_5_1a_as_published", "Profiling"),
    conda:
        "../../envs/evaluation.yaml"
    params:
        reported=REPORTED["table_5_1"],
    script:
        "../../scripts/table_5_1a_as_published.py"


rule table_5_1b_like_for_like:
    input:
        timings=f"{RESULTS}/profiles/backends.csv",
        gpu=outputs.of_a_gpu(RESULTS),
    output:
        **tabulated("table_5_1b_like_for_like", "Profiling"),
    conda:
        "../../envs/evaluation.yaml"
    params:
        labels=LABELS,
    script:
        "../../scripts/table_5_1b_like_for_like.py"


rule table_6_1_reconstruction_error:
    input:
        evaluations=f"{RESULTS}/evaluations/reconstruction.csv",
        likelihoods=EXTRA_TABLES.get("likelihoods", []),
    output:
        **tabulated("table_6_1_reconstruction_error", "Reconstructions"),
    conda:
        "../../envs/evaluation.yaml"
    params:
        models=COMPARED_MODELS,
        reported=REPORTED["table_6_1"],
    script:
        "../../scripts/table_6_1_reconstruction_error.py"


rule table_datasets:
    input:
        cards=expand(f"{RESULTS}/datasets/{{dataset}}.json", dataset=DATASETS),
    output:
        **tabulated("table_datasets", "Data"),
    conda:
        "../../envs/evaluation.yaml"
    script:
        "../../scripts/table_datasets.py"


rule table_images:
    input:
        evaluations=f"{RESULTS}/evaluations/images.csv",
        cards=expand(
            f"{RESULTS}/datasets/{{dataset}}.json",
            dataset=sorted({run.dataset for run in IMAGE_RUNS}),
        ),
    output:
        **tabulated("table_images", "Reconstructions"),
    conda:
        "../../envs/evaluation.yaml"
    params:
        architectures={
            run.architecture: architecture_settings(config, run.architecture)
            for run in IMAGE_RUNS
        },
    script:
        "../../scripts/table_images.py"


rule table_latent_dimension:
    input:
        evaluations=f"{RESULTS}/evaluations/latent_dimension.csv",
    output:
        **tabulated("table_latent_dimension", "Evidence lower bound"),
    conda:
        "../../envs/evaluation.yaml"
    script:
        "../../scripts/table_latent_dimension.py"


rule table_network_loss:
    input:
        **NETWORK_RESULTS,
    output:
        **tabulated("table_network_loss", "Simulated networks"),
    conda:
        "../../envs/evaluation.yaml"
    script:
        "../../scripts/table_network_loss.py"


rule table_notebook_losses:
    input:
        evaluations=EVALUATIONS,
    output:
        **tabulated("table_notebook_losses", "Evidence lower bound"),
    conda:
        "../../envs/evaluation.yaml"
    params:
        reported=REPORTED["notebooks"],
    script:
        "../../scripts/table_notebook_losses.py"


rule table_profiles:
    input:
        **PROFILES,
    output:
        **tabulated("table_profiles", "Profiling"),
    conda:
        "../../envs/evaluation.yaml"
    params:
        **rules.figure_5_1_profile.params,
    script:
        "../../scripts/table_profiles.py"


rule table_trainings:
    input:
        runs=f"{RESULTS}/runs.csv",
    output:
        **tabulated("table_trainings", "Provenance"),
    conda:
        "../../envs/evaluation.yaml"
    params:
        experiments=trainings_by_experiment(config),
    script:
        "../../scripts/table_trainings.py"


rule judge_claims:
    input:
        claims="config/claims.yaml",
        evaluations=EVALUATIONS,
        others=[
            f"{RESULTS}/evaluations/reconstruction.csv",
            f"{RESULTS}/profiles/backends.csv",
            f"{RESULTS}/profiles/published_epoch.csv",
            *outputs.where_kept(RESULTS, "evaluations/theory.csv"),
            *EXTRA_TABLES.get("likelihoods", []),
            *EXTRA_TABLES.get("two_samples", []),
        ],
        gpu=outputs.of_a_gpu(RESULTS),
        cards=expand(f"{RESULTS}/datasets/{{dataset}}.json", dataset=DATASETS),
    output:
        verdicts=f"{RESULTS}/claims.json",
        table=f"{RESULTS}/tables/table_claims.csv",
        markdown=f"{RESULTS}/tables/table_claims.md",
    log:
        f"{RESULTS}/logs/claims.log",
    conda:
        "../../envs/evaluation.yaml"
    params:
        optional=[*OPTIONAL_EXPERIMENTS, "likelihoods", "theory", "two_samples"],
        shown=outputs.shown_in(RESULTS, workflow.rules),
        trainings=config["trainings"],
    script:
        "../../scripts/judge_claims.py"
