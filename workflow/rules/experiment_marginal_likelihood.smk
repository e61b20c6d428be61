# The optional experiment `marginal_likelihood`: what the reconstruction errors of the comparison leave open.
# Needs the files of evaluations/ that marginal_likelihoods.smk makes. Gives its figures, and a column of Table 6.1
# and a section of the report.

EXTRA_TABLES["likelihoods"] = [f"{RESULTS}/evaluations/likelihoods.csv"]
EXTRA_TABLES["two_samples"] = outputs.where_kept(RESULTS, "evaluations/two_samples.csv")


include: "marginal_likelihoods.smk"


rule figure_likelihood_against_error:
    input:
        likelihood=f"{RESULTS}/evaluations/likelihoods.csv",
    output:
        **drawn("figure_likelihood_against_error", "Likelihoods"),
    conda:
        "../../envs/figures.yaml"
    params:
        models=COMPARED_MODELS,
    script:
        "../../scripts/figure_likelihood_against_error.py"


rule figure_model_samples:
    input:
        samples=f"{RESULTS}/evaluations/samples.npz",
    output:
        **drawn("figure_model_samples", "Likelihoods"),
    conda:
        "../../envs/figures.yaml"
    params:
        models=COMPARED_MODELS,
    script:
        "../../scripts/figure_model_samples.py"


rule figure_boltzmann_training:
    input:
        training=f"{RESULTS}/evaluations/boltzmann_training.csv",
        filters=f"{RESULTS}/evaluations/boltzmann_training.npz",
    output:
        **drawn("figure_boltzmann_training", "Likelihoods"),
    conda:
        "../../envs/figures.yaml"
    params:
        labels={family: COMPARED_MODELS[family]["label"] for family in ("rbm", "dbn")},
    script:
        "../../scripts/figure_boltzmann_training.py"
