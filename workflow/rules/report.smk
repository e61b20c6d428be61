# Needs every figure, every table and the values behind the prose.
# Gives results/report: report.md with every number looked up, and from it report.html (one file that
# needs no other) and report.pdf.

TEXT = "workflow/report"


rule report_values:
    input:
        evaluations=expand(
            "results/evaluations/{experiment}.csv", experiment=EXPERIMENTS
        ),
        reconstruction="results/evaluations/reconstruction.csv",
        cards=expand("results/datasets/{dataset}.json", dataset=DATASETS),
        backends="results/profiles/backends.csv",
        machine="results/profiles/machine.json",
        published_profile="results/profiles/published_epoch.csv",
        numpy_profile="results/profiles/numpy_epoch.csv",
        claims="results/claims.json",
        code=code_inputs("report_values.py"),
    output:
        values="results/report/values.json",
    log:
        "results/logs/report/values.log",
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime="10m",
    params:
        settings={
            key: config[key]
            for key in (
                "architectures",
                "trainings",
                "boltzmann_machines",
                "benchmark",
            )
        }
        | {"published": PUBLISHED},
    script:
        "../../scripts/report_values.py"


rule report_markdown:
    input:
        template=f"{TEXT}/report.md",
        values="results/report/values.json",
        captions=expand(f"{TEXT}/captions/{{name}}.rst", name=FIGURES + TABLES),
        code=code_inputs("report_markdown.py"),
    output:
        markdown="results/report/report.md",
    log:
        "results/logs/report/markdown.log",
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime="10m",
    script:
        "../../scripts/report_markdown.py"


rule report_html:
    input:
        markdown="results/report/report.md",
        figures=expand("results/figures/{name}.svg", name=FIGURES),
        tables=expand("results/tables/{name}.csv", name=TABLES),
        crossref=f"{TEXT}/crossref.lua",
        bibliography=f"{TEXT}/references.bib",
        style=f"{TEXT}/style.css",
        code=code_inputs("report_html.py"),
    output:
        html=report(
            "results/report/report.html",
            caption="../report/captions/report.rst",
            category="Report",
            labels={"report": "the whole text"},
        ),
    log:
        "results/logs/report/html.log",
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime="10m",
    script:
        "../../scripts/report_html.py"


rule report_pdf:
    input:
        markdown="results/report/report.md",
        figures=expand("results/figures/{name}.svg", name=FIGURES),
        tables=expand("results/tables/{name}.csv", name=TABLES),
        crossref=f"{TEXT}/crossref.lua",
        bibliography=f"{TEXT}/references.bib",
        template=f"{TEXT}/report.typ",
        code=code_inputs("report_pdf.py"),
    output:
        pdf="results/report/report.pdf",
    log:
        "results/logs/report/pdf.log",
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime="10m",
    script:
        "../../scripts/report_pdf.py"
