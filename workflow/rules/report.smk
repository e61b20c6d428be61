# Needs every figure and every table that a rule gives, and the values behind the prose.
# Gives the targets `figures` and `tables`, which are all of them; and report/, in the folder RESULTS:
# report.md with every number looked up, and from it report.html (one file that needs no other) and
# report.pdf.

TEXT, REPORT = "workflow/report", f"{RESULTS}/report/report.html"
FIGURE_FILES = outputs.given(f"{RESULTS}/figures", workflow.rules)
TABLE_FILES = outputs.given(f"{RESULTS}/tables", workflow.rules)
TOLD = "architectures trainings boltzmann_machines benchmark".split()
FIGURES, TABLES = outputs.names(FIGURE_FILES), outputs.names(TABLE_FILES)


rule figures:
    input:
        FIGURE_FILES,


rule tables:
    input:
        TABLE_FILES,


rule report_values:
    input:
        evaluations=EVALUATIONS,
        reconstruction=f"{RESULTS}/evaluations/reconstruction.csv",
        likelihoods=EXTRA_TABLES.get("likelihoods", []),
        cards=expand(f"{RESULTS}/datasets/{{dataset}}.json", dataset=DATASETS),
        backends=f"{RESULTS}/profiles/backends.csv",
        gpu=outputs.of_a_gpu(RESULTS),
        published_profile=PROFILES["published"],
        numpy_profile=PROFILES["numpy"],
        operations=PROFILES["operations"],
        claims=f"{RESULTS}/claims.json",
        runs=f"{RESULTS}/runs.csv",
        provenance=f"{RESULTS}/provenance.json",
        citation="CITATION.cff",
    output:
        values=f"{RESULTS}/report/values.json",
    conda:
        "../../envs/report.yaml"
    params:
        labels=LABELS,
        settings={key: config[key] for key in TOLD} | {"reported": REPORTED},
    script:
        "../../scripts/report_values.py"


rule report_markdown:
    input:
        template=f"{TEXT}/report.md",
        values=f"{RESULTS}/report/values.json",
        captions=expand(f"{TEXT}/captions/{{name}}.rst", name=FIGURES + TABLES),
    output:
        markdown=f"{RESULTS}/report/report.md",
    log:
        f"{RESULTS}/logs/report/markdown.log",
    conda:
        "../../envs/report.yaml"
    params:
        made=outputs.made_from(RESULTS, workflow.rules),
    script:
        "../../scripts/report_markdown.py"


rule report_html:
    input:
        markdown=f"{RESULTS}/report/report.md",
        figures=expand(f"{RESULTS}/figures/{{name}}.svg", name=FIGURES),
        tables=expand(f"{RESULTS}/tables/{{name}}.csv", name=TABLES),
        crossref=f"{TEXT}/crossref.lua",
        bibliography=f"{TEXT}/references.bib",
        template=f"{TEXT}/page.html",
        style=f"{TEXT}/style.css",
        behaviour=[f"{TEXT}/page.js", f"{TEXT}/explorer.js"],
        images=f"{PLANE}/images.npz",
        codes=f"{PLANE}/codes.npz",
        # What is kept of a study has no weights.
        model=[f"{PLANE}/model.npz"] if RESULTS == "results" else [],
    output:
        html=outputs.reported(REPORT, "report", "Report", "the whole text"),
    log:
        f"{RESULTS}/logs/report/html.log",
    conda:
        "../../envs/report.yaml"
    script:
        "../../scripts/report_html.py"


rule report_pdf:
    input:
        markdown=f"{RESULTS}/report/report.md",
        figures=expand(f"{RESULTS}/figures/{{name}}.pdf", name=FIGURES),
        tables=expand(f"{RESULTS}/tables/{{name}}.csv", name=TABLES),
        crossref=f"{TEXT}/crossref.lua",
        bibliography=f"{TEXT}/references.bib",
        template=f"{TEXT}/report.typ",
    output:
        pdf=f"{RESULTS}/report/report.pdf",
    log:
        f"{RESULTS}/logs/report/pdf.log",
    conda:
        "../../envs/report.yaml"
    script:
        "../../scripts/report_pdf.py"
