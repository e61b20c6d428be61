# Needs the tidy tables of results/evaluations, the data cards and results/profiles.
# Gives results/tables/{name}.csv and .md. A table is a target by its rule's name and by each of its
# files; the target `tables` is all of them, the verdicts on the claims included.

NETWORK_EXPERIMENTS = [
    experiment for experiment in EXPERIMENTS if experiment.startswith("networks_")
]
NETWORK_DATASETS = sorted(
    {
        run.dataset
        for name in NETWORK_EXPERIMENTS
        for run in experiment_runs(config, name)
    }
)
TABLES = [
    "table_5_1a_as_published",
    "table_5_1b_like_for_like",
    "table_6_1_reconstruction_error",
    "table_datasets",
    "table_latent_dimension",
    "table_network_loss",
    "table_notebook_losses",
    "table_claims",
]


rule tables:
    input:
        expand("results/tables/{name}.{kind}", name=TABLES, kind=["csv", "md"]),


rule table_5_1a_as_published:
    input:
        jobs="results/profiles/report_jobs.csv",
        code=code_inputs("table_5_1a_as_published.py"),
    output:
        table=report(
            "results/tables/table_5_1a_as_published.csv",
            caption="../report/captions/table_5_1a_as_published.rst",
            category="Profiling",
            labels={"table": "table_5_1a_as_published"},
        ),
        markdown="results/tables/table_5_1a_as_published.md",
    log:
        "results/logs/tables/table_5_1a_as_published.log",
    conda:
        "../../envs/evaluation.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime="10m",
    params:
        published=PUBLISHED["table_5_1"],
    script:
        "../../scripts/table_5_1a_as_published.py"


rule table_5_1b_like_for_like:
    input:
        timings="results/profiles/backends.csv",
        code=code_inputs("table_5_1b_like_for_like.py"),
    output:
        table=report(
            "results/tables/table_5_1b_like_for_like.csv",
            caption="../report/captions/table_5_1b_like_for_like.rst",
            category="Profiling",
            labels={"table": "table_5_1b_like_for_like"},
        ),
        markdown="results/tables/table_5_1b_like_for_like.md",
    log:
        "results/logs/tables/table_5_1b_like_for_like.log",
    conda:
        "../../envs/evaluation.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime="10m",
    script:
        "../../scripts/table_5_1b_like_for_like.py"


rule table_6_1_reconstruction_error:
    input:
        evaluations="results/evaluations/reconstruction.csv",
        code=code_inputs("table_6_1_reconstruction_error.py"),
    output:
        table=report(
            "results/tables/table_6_1_reconstruction_error.csv",
            caption="../report/captions/table_6_1_reconstruction_error.rst",
            category="Reconstructions",
            labels={"table": "table_6_1_reconstruction_error"},
        ),
        markdown="results/tables/table_6_1_reconstruction_error.md",
    log:
        "results/logs/tables/table_6_1_reconstruction_error.log",
    conda:
        "../../envs/evaluation.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime="10m",
    params:
        published=PUBLISHED["table_6_1"],
    script:
        "../../scripts/table_6_1_reconstruction_error.py"


rule table_datasets:
    input:
        cards=expand("results/datasets/{dataset}.json", dataset=DATASETS),
        code=code_inputs("table_datasets.py"),
    output:
        table=report(
            "results/tables/table_datasets.csv",
            caption="../report/captions/table_datasets.rst",
            category="Data",
            labels={"table": "table_datasets"},
        ),
        markdown="results/tables/table_datasets.md",
    log:
        "results/logs/tables/table_datasets.log",
    conda:
        "../../envs/evaluation.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime="10m",
    script:
        "../../scripts/table_datasets.py"


rule table_latent_dimension:
    input:
        evaluations="results/evaluations/latent_dimension.csv",
        code=code_inputs("table_latent_dimension.py"),
    output:
        table=report(
            "results/tables/table_latent_dimension.csv",
            caption="../report/captions/table_latent_dimension.rst",
            category="Evidence lower bound",
            labels={"table": "table_latent_dimension"},
        ),
        markdown="results/tables/table_latent_dimension.md",
    log:
        "results/logs/tables/table_latent_dimension.log",
    conda:
        "../../envs/evaluation.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime="10m",
    script:
        "../../scripts/table_latent_dimension.py"


rule table_network_loss:
    input:
        evaluations=expand(
            "results/evaluations/{experiment}.csv", experiment=NETWORK_EXPERIMENTS
        ),
        cards=expand("results/datasets/{dataset}.json", dataset=NETWORK_DATASETS),
        code=code_inputs("table_network_loss.py"),
    output:
        table=report(
            "results/tables/table_network_loss.csv",
            caption="../report/captions/table_network_loss.rst",
            category="Simulated networks",
            labels={"table": "table_network_loss"},
        ),
        markdown="results/tables/table_network_loss.md",
    log:
        "results/logs/tables/table_network_loss.log",
    conda:
        "../../envs/evaluation.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime="10m",
    script:
        "../../scripts/table_network_loss.py"


rule table_notebook_losses:
    input:
        evaluations=expand(
            "results/evaluations/{experiment}.csv", experiment=EXPERIMENTS
        ),
        code=code_inputs("table_notebook_losses.py"),
    output:
        table=report(
            "results/tables/table_notebook_losses.csv",
            caption="../report/captions/table_notebook_losses.rst",
            category="Evidence lower bound",
            labels={"table": "table_notebook_losses"},
        ),
        markdown="results/tables/table_notebook_losses.md",
    log:
        "results/logs/tables/table_notebook_losses.log",
    conda:
        "../../envs/evaluation.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime="10m",
    params:
        published=PUBLISHED["notebooks"],
    script:
        "../../scripts/table_notebook_losses.py"
