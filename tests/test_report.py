"""The report: values, text, cross-references, HTML and PDF, made from small made-up results."""

import csv
import json
import re
import shutil
import subprocess
from html import unescape
from html.parser import HTMLParser
from itertools import product
from pathlib import Path

import fabricated
import pytest
import typst
import yaml
from conftest import TINY
from docutils.core import publish_doctree
from docutils.nodes import Text, paragraph
from matplotlib.figure import Figure
from parsed import parsed_rules

from pandoc import convert
from report_html import report_html
from report_markdown import render, report_markdown
from report_pdf import report_pdf
from report_values import report_values
from study.contracts import MEASUREMENT, PROFILE, TIMINGS
from study.outcomes import OUTCOMES
from study.peers import labels

PROJECT = Path(__file__).parents[1]
REPORT = PROJECT / "workflow/report"
CAPTIONS = sorted((REPORT / "captions").glob("*.rst"))
FIGURES = [path.stem for path in CAPTIONS if path.stem.startswith("figure_")]
TABLES = [path.stem for path in CAPTIONS if path.stem.startswith("table_")]
CROSSREF = {"crossref": REPORT / "crossref.lua", "bibliography": REPORT / "references.bib"}

EPOCHS = 3
EXPERIMENTS = {
    "latent_dimension": (["digits"], [2, 10, 20], [90]),
    "training_size": (["digits"], [10], [30, 90]),
    "manifold": (["digits"], [2], [90]),
    "images": (["photo_patches_grey"], [20], [80]),
    "networks_published": (["networks_published"], [2], [60]),
    "networks_like_for_like": (["networks_like_for_like"], [2], [40]),
    "comparison": (["digits"], [20], [90]),
    "networks_upper_triangle": (["networks_upper_triangle"], [2], [40]),
    "networks_as_written": (["networks_published", "networks_upper_triangle"], [20], [60]),
    "equal_updates": (["digits"], [20], [30, 90]),
    "ablation": (["digits"], [20], [90]),
    "aevb": (["digits"], [3, 20], [90]),
    "marginal_likelihood": (["digits"], [2, 5], [90]),
}
OPTIONAL = (
    "networks_upper_triangle",
    "networks_as_written",
    "faces_and_objects",
    "equal_updates",
    "ablation",
    "aevb",
    "marginal_likelihood",
)
STRUCTURES = {"sparse": 900.0, "community": 1000.0, "small_world": 1100.0}


def evaluation(folder: Path, experiment: str, seeds: int = 2) -> Path:
    """Write a tidy table in which every number can be told from the settings."""
    datasets, latent_dimensions, train_sizes = EXPERIMENTS[experiment]
    path = folder / f"{experiment}.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(MEASUREMENT.columns)
        for dataset, latent, size, seed in product(
            datasets, latent_dimensions, train_sizes, range(1, seeds + 1)
        ):
            run = (dataset, "two_layer", "report", latent, size, EPOCHS, "numpy", seed)
            for epoch, split in product(range(1, EPOCHS + 1), ("train", "test")):
                elbo = -100.0 + latent + size / 10 + epoch + seed
                writer.writerow([*run, epoch, split, "elbo", elbo, "nats/image"])
                writer.writerow([*run, epoch, split, "runtime", 2.0, "s"])
            finals = {
                "active_units": latent,
                "mean_squared_error": 0.01,
                "reconstruction_error": 80,
            }
            finals |= {"silhouette": 0.25, "knn_accuracy": 0.9}
            finals |= {f"elbo_{name}": -floor - 10 for name, floor in STRUCTURES.items()}
            for (metric, value), split in product(finals.items(), ("train", "test")):
                writer.writerow([*run, EPOCHS, split, metric, value, "1"])
    return path


CITATION = (
    "A. Author (1998). https://example.org/a_b\n\n---\ntitle: X\n---\n<script> $\\bad$ @x &lt;"
)
"""Text of a user's that is metadata, markup, mathematics and a citation in Markdown."""


def card(folder: Path, name: str) -> Path:
    contents: dict[str, object] = {
        "name": name,
        "n_train": 1347,
        "n_test": 450,
        "shape": [8, 8],
        "classes": {"0": [1000, 400], "猫 $x$": [347, 50]},
        "split": "a quarter held out",
        "citation": CITATION,
        "sha256": "0123abcd",
        "reading": {"deeper folders left out": 2, "images turned as EXIF says": 1},
    }
    if name == "digits":
        contents["raw_files"] = {"a_b.gz": "4567ef"}
    if name.startswith("networks"):
        whole = not name.endswith("triangle")
        contents["protocol"] = name.removeprefix("networks_") if whole else "like_for_like"
        contents["entries"] = "all" if whole else "upper_triangle"
        contents["entropy_floor"] = STRUCTURES
    path = folder / f"{name}.json"
    path.write_text(json.dumps(contents))
    return path


def write_csv(path: Path, header: str, *rows: str) -> Path:
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def timings(path: Path) -> Path:
    """Write three repeats of NumPy and one of TensorFlow, and why two others did not run."""
    measured = {
        "device": "CPU",
        "status": "measured",
        "limit_2048_gflops": 100,
        "limit_network_gflops": 80,
        "peak_memory_mib": 200,
        "first_step_seconds": 0.5,
    }
    rows = [
        {"backend": "numpy", "seconds": seconds, "gflops": gflops} | measured
        for seconds, gflops in ((8, 20), (9, 30), (40, 40))
    ]
    rows.append(
        measured
        | {"backend": "tensorflow", "seconds": 3, "gflops": 70, "limit_2048_gflops": 140}
        | {"peak_memory_mib": 400, "first_step_seconds": 5}
    )
    rows.append({"backend": "cupy", "status": "not measured", "note": "no CUDA device"})
    failure = "its process ended with status 1"
    rows.append({"backend": "jax", "device": "CPU", "status": "failed", "note": failure})
    TIMINGS.write(path, rows)
    return path


def values_inputs(folder: Path, seeds: int = 2) -> dict[str, object]:
    folder.mkdir(exist_ok=True)
    errors = {"vae": 20.0, "rbm": 15.0, "dbn": 40.0, "entropy_floor": 10.0, "mean_image": 45.0}
    fair = errors | {"rbm": 25.0}
    reconstruction = [
        f"digits,{model},{protocol},{seed},reconstruction_error,{error + seed},nats/image"
        for protocol, models in (("published", errors), ("like_for_like", fair))
        for model, error in models.items()
        for seed in range(1, seeds + 1)
    ]
    machine = dict.fromkeys(
        ["platform", "blas", "python", "numpy", "tensorflow", "keras", "jax", "pytorch", "cupy"],
        "1.0 (a_b)",
    )
    machine |= {"networkx": "3.6", "scikit-learn": "1.9"}
    machine |= {"processor": "CPU @ 2.2 GHz", "snakemake": "9.0", "date": "2024-02-29"}
    machine |= {"commit": "0123456789abcdef-dirty", "command": "snakemake --configfile a_b.yaml"}
    (folder / "provenance.json").write_text(
        json.dumps(machine | {"cores": 2, "threads": 1, "memory_gib": 7.75})
    )
    (folder / "claims.json").write_text(
        json.dumps(
            {
                "first": {"section": "5", "verdict": "holds"},
                "second": {"section": "6.1", "verdict": "does not hold"},
                "third_one": {"section": "6.3", "verdict": "does not hold"},
            }
        )
    )
    fabricated.trainings(folder / "runs.csv", *"abc" * 60)
    config = yaml.safe_load((PROJECT / "config/config.yaml").read_text())
    published = yaml.safe_load((PROJECT / "config/claims.yaml").read_text())["reported"]
    datasets = sorted({dataset for datasets, _, _ in EXPERIMENTS.values() for dataset in datasets})
    return {
        "evaluations": [evaluation(folder, name, seeds) for name in EXPERIMENTS],
        "reconstruction": write_csv(
            folder / "reconstruction.csv",
            "dataset,model,protocol,seed,metric,value,unit",
            *reconstruction,
        ),
        "likelihoods": [fabricated.estimated_likelihoods(folder / "likelihoods.csv", seeds)],
        "cards": [card(folder, name) for name in datasets],
        "backends": timings(folder / "backends.csv"),
        "gpu": [],
        "published_profile": write_csv(
            folder / "published_epoch.csv",
            ",".join(PROFILE.columns),
            "published,optimize,published,3,6.0,6.0,3,200.0",
            "published,backward,published,3,2.0,2.0,3,200.0",
        ),
        "numpy_profile": write_csv(
            folder / "numpy_epoch.csv",
            ",".join(PROFILE.columns),
            "numpy,run_epoch,array,1,1.0,4.0,600,1.0",
            "numpy,_backward,array,600,3.0,3.0,600,1.0",
        ),
        "operations": [
            fabricated.operations(folder / "tensorflow_epoch.csv"),
            fabricated.no_operations(folder / "cupy_epoch.csv"),
        ],
        "claims": folder / "claims.json",
        "runs": folder / "runs.csv",
        "provenance": folder / "provenance.json",
        "citation": PROJECT / "CITATION.cff",
        "labels": labels(),
        "settings": {
            name: config[name]
            for name in ("architectures", "trainings", "boltzmann_machines", "benchmark")
        }
        | {"reported": published},
    }


MADE = {
    name: {
        "command": f"snakemake {name}",
        "script": f"../{name}.py",
        "files": [f"../figures/{name}.svg"],
        "data": ["../a_b.csv"],
    }
    for name in FIGURES + TABLES
}
FILES = dict.fromkeys(MADE, "The files.")


@pytest.fixture(scope="session")
def values(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("values")
    report_values(**values_inputs(folder), values=folder / "values.json")  # type: ignore[arg-type]
    return folder / "values.json"


@pytest.fixture(scope="session")
def built(values: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the whole report; returns its folder."""
    folder = tmp_path_factory.mktemp("report")
    (folder / "figures").mkdir()
    (folder / "tables").mkdir()
    figure = Figure(figsize=(1, 1))
    figure.subplots().plot([0, 1])
    for name in FIGURES:
        for kind in ("svg", "pdf"):
            figure.savefig(folder / f"figures/{name}.{kind}")
    for name in TABLES:
        write_csv(
            folder / f"tables/{name}.csv", "Model,Loss", '"VAE, ours",-1.5 ± 0.2', "<b>$x$ @x,20"
        )
    write_csv(
        folder / "tables/table_claims.csv",
        "Claim,Section,Verdict,Threshold,Evidence",
        "First,5,holds,0.95,figure_5_1_profile · profiles/published_epoch.csv",
        "Second,6.1,does not hold,2,table_datasets · evaluations/images.csv",
        "Third one,6.3,does not hold,1,evaluations/images.csv",
    )
    report_markdown(REPORT / "report.md", values, CAPTIONS, MADE, folder / "report.md")
    tables = sorted((folder / "tables").iterdir())
    report_html(
        folder / "report.md",
        figures=sorted((folder / "figures").glob("*.svg")),
        tables=tables,
        **CROSSREF,
        template=REPORT / "page.html",
        style=REPORT / "style.css",
        behaviour=[REPORT / "page.js", REPORT / "explorer.js"],
        images=fabricated.run_arrays(folder / "images.npz"),
        codes=folder / "images.npz",
        model=[],
        html=folder / "report.html",
    )
    for name in ("report.pdf", "again.pdf"):
        report_pdf(
            folder / "report.md",
            figures=sorted((folder / "figures").glob("*.pdf")),
            tables=tables,
            **CROSSREF,
            template=REPORT / "report.typ",
            pdf=folder / name,
        )
    return folder


# Values


def test_values_are_means_and_spreads_over_seeds(values: Path) -> None:
    found = json.loads(values.read_text())
    run = "latent_dimension.digits.two_layer.report.z10-n90-e3.numpy"
    assert found[f"{run}.test.elbo.mean"] == -100 + 10 + 9 + 3 + 1.5
    assert found[f"{run}.test.elbo.std"] == pytest.approx(0.5**0.5)
    assert found[f"{run}.test.elbo.peak_epoch"] == EPOCHS
    assert found["latent_dimension.series.1.best"].endswith("z20-n90-e3.numpy")
    assert [key[-15:] for key in found["training_size.series.1.runs"]] == [
        "z10-n30-e3.numpy"[-15:],
        "z10-n90-e3.numpy"[-15:],
    ]


def test_values_rank_models_and_backends(values: Path) -> None:
    found = json.loads(values.read_text())
    assert found["reconstruction.digits.published.ranking"] == ["rbm", "vae", "dbn"]
    assert found["reconstruction.digits.like_for_like.ranking"] == ["vae", "rbm", "dbn"]
    assert found["reconstruction.digits.published.ranking_in_every_seed"] is True
    assert found["likelihoods.digits.ranking"] == ["vae", "rbm", "dbn"]
    assert found["likelihoods.digits.error_ranking"] == ["vae", "rbm", "dbn"]
    assert found["likelihoods.digits.vae.size"] == 5
    assert found["likelihoods.digits.vae.log_likelihood.mean"] == -88.5
    assert found["likelihoods.digits.rbm.partition_gap.mean"] == 1
    assert found["backends.rows"] == [f"backends.{row}" for row in (1, 2, 3, 4)]
    assert found["backends.measured"] == ["backends.2", "backends.1"]
    assert found["backends.1.seconds"] == 9, "the median, not the mean"
    assert found["backends.1.share_of_2048"] == 0.3
    assert found["backends.2.share_of_network"] == 70 / 80
    assert found["backends.limit_2048"] == 100
    assert "backends.3.share_of_2048" not in found
    assert found["backends.3.note"] == "no CUDA device"
    assert found["profile.numpy.1.function"] == "_backward"
    assert found["profile.numpy.1.share"] == found["profile.published.1.share"] == 0.75
    assert found["profile.numpy.seconds"] == 4
    assert found["profile.published.seconds"] == 200 * 8, "of an epoch, not of its profiled steps"
    assert found["profile.published.1.calls"] == 600
    tensorflow = [found[f"profile.tensorflow.{key}"] for key in ("seconds", "products", "covered")]
    assert tensorflow == pytest.approx([7, 4 / 7, 6 / 7])
    assert "profile.cupy.seconds" not in found
    assert found["verdicts"] == list(OUTCOMES)
    assert found["verdicts.does not hold"] == ["second", "third_one"]
    assert found["verdicts.not measured"] == []
    assert (found["study.clean"], found["runs.hours"]) == (False, 3)
    assert found["datasets.absent"] == ["MNIST", "Frey Face", "CIFAR-10"]


def test_one_seed_has_no_spread(tmp_path: Path) -> None:
    inputs = values_inputs(tmp_path, seeds=1)
    report_values(**inputs, values=tmp_path / "values.json")  # type: ignore[arg-type]
    found = json.loads((tmp_path / "values.json").read_text())
    assert found["comparison.digits.two_layer.report.z20-n90-e3.numpy.test.elbo.std"] is None
    assert "±" not in written(tmp_path).replace("with ± is", "")


def test_timings_of_a_gpu_elsewhere_are_told_as_that(tmp_path: Path) -> None:
    inputs = values_inputs(tmp_path)
    header, *rows = (tmp_path / "backends.csv").read_text().splitlines()
    measured = next(row for row in rows if row.startswith("numpy,CPU"))
    there = [measured.replace("numpy,CPU", f"{name},GPU") for name in ("cupy", "jax")]
    inputs["gpu"] = [
        write_csv(tmp_path / "timings.csv", header, *there),
        tmp_path / "gpu/machine.json",
    ]
    (tmp_path / "gpu").mkdir()
    (tmp_path / "gpu/machine.json").write_text('{"gpu": "NVIDIA Test"}')
    report_values(**inputs, values=tmp_path / "values.json")  # type: ignore[arg-type]
    text = written(tmp_path)
    assert (
        "On another machine, with one NVIDIA Test, the same job was timed on the GPU: CuPy" in text
    )
    assert "and JAX (scan)" in text and "CuPy was not measured" not in text


def test_a_value_that_is_not_finite_is_named(tmp_path: Path) -> None:
    inputs = values_inputs(tmp_path)
    table = tmp_path / "manifold.csv"
    table.write_text(table.read_text().replace("0.25", "nan", 1))
    with pytest.raises(ValueError, match=r"manifold\..*silhouette.*finite"):
        report_values(**inputs, values=tmp_path / "values.json")  # type: ignore[arg-type]


# Text


def written(folder: Path) -> str:
    """Write the report's text from the values in a folder, and give it as one line."""
    report_markdown(REPORT / "report.md", folder / "values.json", CAPTIONS, MADE, folder / "r.md")
    return " ".join((folder / "r.md").read_text().split())


def template(folder: Path, text: str) -> Path:
    path = folder / "report.md"
    path.write_text(text)
    return path


def test_an_unknown_key_stops_with_key_line_and_nearest(tmp_path: Path) -> None:
    text = 'One.\n\n{{ v("latent.20.test_elbow") }}\n'
    with pytest.raises(ValueError) as error:
        render(template(tmp_path, text), {"latent.20.test_elbo": 1.0, "machine": []}, {}, {})
    assert str(error.value) == (
        f"{tmp_path / 'report.md'}, line 3: there is no value 'latent.20.test_elbow'; "
        "the nearest is 'latent.20.test_elbo'"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "\n{{ figure('figure_6', 'A line.') }}",
            "line 2: there is no caption 'figure_6'.*'figure_6_1_a'",
        ),
        ("{{ nothing }}", "line 1: 'nothing' is undefined"),
        ("a\n{% if %}", "line 2: "),
        ("\n\n{{ v('text') | decimals(1) }}", "line 3: "),
    ],
)
def test_a_wrong_template_names_the_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        render(template(tmp_path, text), {"text": "word"}, {"figure_6_1_a": "A caption."}, {})


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("-1234.56 | decimals(1)", "−1,234.6"),
        ("0.04 | decimals(0)", "0"),
        ("-0.04 | decimals(1)", "0.0"),
        ("1234.5678 | significant", "1,230"),
        ("0.012345 | significant", "0.0123"),
        ("1281.958 | seconds", "1,280 s"),
        ("0.875 | percent", "88%"),
        ("2.25 | signed", "+2.2"),
        ("-2.25 | signed", "−2.2"),
        ("['a', 'b', 'c'] | listing", "a, b and c"),
        ("['a, b', 'c', 'd'] | listing", "a, b; c and d"),
        ("['a'] | listing", "a"),
        ("'a_b @ [c]' | plain", r"a\_b \@ \[c\]"),
        (r"'a\n\n---\nt: &lt; $x$\x1b\u202e' | plain", r"a \-\-- t: \&lt; \$x\$��"),
    ],
)
def test_filters_put_numbers_into_words(tmp_path: Path, expression: str, words: str) -> None:
    assert render(template(tmp_path, f"{{{{ {expression} }}}}"), {}, {}, {}) == words


def test_every_figure_and_table_has_a_caption() -> None:
    expected = [name for name in parsed_rules(TINY) if name.startswith(("figure_", "table_"))]
    assert sorted(FIGURES + TABLES) == sorted([*expected, "table_claims"])


def test_the_text_uses_every_figure_and_table(built: Path) -> None:
    text = (built / "report.md").read_text()
    for name in FIGURES:
        assert text.count(f"({name}.svg)") == 1, name
        assert f"@fig:{name.removeprefix('figure_')}" in text, name
    for name in TABLES:
        assert text.count(f'src="{name}.csv"') == 1, name
        assert f"@tbl:{name.removeprefix('table_')}" in text, name


def test_the_text_leaves_out_experiments_that_were_not_made(tmp_path: Path) -> None:
    inputs = values_inputs(tmp_path)
    tables: list[Path] = inputs["evaluations"]  # type: ignore[assignment]
    inputs["evaluations"] = [path for path in tables if path.stem not in OPTIONAL]
    inputs["likelihoods"] = []
    report_values(**inputs, values=tmp_path / "values.json")  # type: ignore[arg-type]
    text = written(tmp_path)
    for name in ("7_1_ablation", "equal_updates", "aevb_bound", "likelihood_against_error"):
        assert name not in text


def test_decimals_in_the_text_are_quotations() -> None:
    """A number of ours is looked up; what is written out was printed by the authors."""
    quoted = {"1123.84", "131.85", "102.64", "99.72", "127.48", "99.51", "352.43", "632.52"}
    text = re.sub(
        r"\{\{.*?\}\}|\{%.*?%\}|\$.*?\$", "", (REPORT / "report.md").read_text(), flags=re.S
    )
    assert set(re.findall(r"\d+\.\d+", text)) - {"4.1", "4.3"} == quoted


def test_the_ranking_is_told_as_it_was_measured(values: Path, tmp_path: Path) -> None:
    captions = {path.stem: path.read_text() for path in CAPTIONS}
    found = json.loads(values.read_text())
    differs = "the ranking is a property of the protocol"
    assert differs in " ".join(render(REPORT / "report.md", found, captions, FILES).split())
    found["reconstruction.digits.published.ranking"] = ["vae", "rbm", "dbn"]
    assert differs not in " ".join(render(REPORT / "report.md", found, captions, FILES).split())
    close = "Not every training seed has that order like for like"
    assert close not in " ".join(render(REPORT / "report.md", found, captions, FILES).split())
    found["reconstruction.digits.like_for_like.ranking_in_every_seed"] = False
    assert close in " ".join(render(REPORT / "report.md", found, captions, FILES).split())


def test_both_algorithms_of_aevb_are_told_with_their_step_sizes(values: Path) -> None:
    captions = {path.stem: path.read_text() for path in CAPTIONS}
    found = json.loads(values.read_text())
    assert len(found["aevb.best.aevb"]) == 2
    text = " ".join(render(REPORT / "report.md", found, captions, FILES).split())
    ends = "nats with 3 latent dimensions and steps of 0.001, "
    assert "the bound of test images ends, by AEVB, at" in text and ends in text
    assert "ends, by wake-sleep" not in text
    found |= {
        "aevb.algorithms": ["aevb", "wake_sleep"],
        "aevb.best.wake_sleep": found["aevb.best.aevb"],
    }
    text = " ".join(render(REPORT / "report.md", found, captions, FILES).split())
    assert "the bound of test images ends, by wake-sleep, at" in text and text.count(ends) == 2


@pytest.mark.parametrize(
    ("by_error", "told"),
    [
        (["rbm", "vae", "dbn"], "come in the same order"),
        (["rbm", "dbn", "vae"], "That need not contradict the likelihoods"),
        (["vae", "rbm", "dbn"], "Reconstruction is no measure"),
    ],
)
def test_a_dbn_alone_out_of_order_proves_nothing_since_its_likelihood_is_a_bound(
    values: Path, by_error: list[str], told: str
) -> None:
    captions = {path.stem: path.read_text() for path in CAPTIONS}
    found = json.loads(values.read_text())
    found["likelihoods.digits.ranking"] = ["rbm", "vae", "dbn"]
    found["likelihoods.digits.error_ranking"] = by_error
    text = " ".join(render(REPORT / "report.md", found, captions, FILES).split())
    conclusions = ("come in the same order", "need not contradict", "Reconstruction is no measure")
    assert told in text
    assert sum(conclusion in text for conclusion in conclusions) == 1


def test_what_the_remedies_bring_is_told_where_it_was_tested(values: Path, tmp_path: Path) -> None:
    found = json.loads(values.read_text())
    claim = "claims.graph_convolutions_help_on_faces"
    found["claims"].append(claim.removeprefix("claims."))
    network = f"architectures.{found[found['images.runs'][0] + '.architecture']}"
    for verdict, told in (("not measured", False), ("does not hold", True)):
        found |= {f"{claim}.verdict": verdict, f"{claim}.statement": "They would help."}
        found[f"{claim}.finding"] = "Lower by 3 nats."
        if told:
            found |= {f"{network}.encoder_filters": [8, 4], f"{network}.graph_convolutions": True}
        (tmp_path / "values.json").write_text(json.dumps(found))
        text = written(tmp_path)
        assert ("“They would help”: does not hold. Lower by 3 nats." in text) == told
        assert ("first and last layers are such" in text) == told
        assert ("it tells no direction" in text) == told
        assert ("ReLU units and graph convolutions of 8-4 filters in the encoder" in text) == told


def test_the_spread_over_seeds_is_told_where_both_ends_have_several(values: Path) -> None:
    found = json.loads(values.read_text())
    captions = {path.stem: "A caption." for path in CAPTIONS}
    told = "Over the seeds the standard deviation is"
    assert told in render(REPORT / "report.md", found, captions, FILES)
    for series in range(1, 10):
        if runs := found.get(f"training_size.series.{series}.runs"):
            found[f"{runs[-1]}.test.elbo.std"] = None
    assert told not in render(REPORT / "report.md", found, captions, FILES)


@pytest.mark.parametrize("path", CAPTIONS, ids=lambda path: path.stem)
def test_captions_are_plain_sentences(path: Path) -> None:
    text = path.read_text().strip()
    (only,) = publish_doctree(text, settings_overrides={"halt_level": 2}).children
    assert isinstance(only, paragraph)
    assert all(isinstance(child, Text) for child in only.children), "markup in reStructuredText"
    assert not re.search(r"[*_`\[\]{}<>$@#|\\]", text), "markup in Markdown"
    assert text.endswith(".")
    assert "\n" not in text


# Cross-references


def to_html(folder: Path, text: str) -> str:
    write_csv(folder / "table_x.csv", "Model,Loss", "VAE,-1.5 ± 0.2", "RBM,not measured")
    html = convert(
        template(folder, "---\ntitle: T\n---\n" + text),
        "html5",
        **CROSSREF,
        resources=[folder / "table_x.csv"],
    )
    return " ".join(html.split())


def test_names_carry_the_numbers_of_the_study(tmp_path: Path) -> None:
    html = to_html(
        tmp_path,
        "# First\n\n## Second {#sec:second}\n\n"
        "@fig:6_3a_elbo, @fig:samples, @tbl:x, @eq:3_2, @sec:second, [@fig:samples; @tbl:x].\n\n"
        "![A.](a.svg){#fig:6_3a_elbo}\n\n![B.](b.svg){#fig:samples}\n\n"
        '::: {#tbl:x .csv src="table_x.csv"}\nC.\n:::\n\n::: {#eq:3_2}\n$$x$$\n:::\n',
    )
    assert '<a href="#fig:6_3a_elbo">Figure 6.3a</a>' in html
    assert html.count('<a href="#fig:samples">Figure S1</a>') == 2
    assert '<a href="#tbl:x">Table S1</a>' in html
    assert '<a href="#eq:3_2">Equation 3.2</a>' in html
    assert '<a href="#sec:second">Section 1.1</a>' in html
    assert "<strong>Figure 6.3a.</strong> A." in html


def test_a_table_comes_from_its_csv(tmp_path: Path) -> None:
    html = to_html(tmp_path, '::: {#tbl:x .csv src="table_x.csv"}\nC.\n:::\n')
    assert '<th style="text-align: left;" scope="row">VAE</th>' in html
    assert '<td style="text-align: right;">−1.5 ± 0.2</td>' in html
    assert html.count('scope="col"') == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("@fig:nothing\n\n::: {#eq:3_2}\n$$x$$\n:::", "@fig:nothing refers to nothing.*eq:3_2"),
        ("::: {#eq:a}\n$$x$$\n:::\n\n::: {#eq:a}\n$$x$$\n:::", "eq:a is defined twice"),
        ("@nobody2020", "nobody2020"),
        ('::: {#tbl:y .csv src="table_y.csv"}\nC.\n:::', "table_y.csv"),
    ],
)
def test_a_reference_to_nothing_fails(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        to_html(tmp_path, text)


# HTML and PDF


class Links(HTMLParser):
    """What a page refers to, and what can be referred to in it."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.links: list[str] = []
        self.names: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id":
                self.names.add(value or "")
            elif name == "href" and tag == "a":
                self.links.append(value or "")
            elif name in ("src", "href", "data", "srcset", "poster"):
                self.loaded.append(value or "")


def test_the_html_needs_no_other_file(built: Path) -> None:
    page = Links()
    html = (built / "report.html").read_text()
    page.feed(html)
    assert len(page.loaded) == len(FIGURES)
    assert all(source.startswith("data:") for source in page.loaded)
    assert not re.search(r"@import|url\((?!['\"]?data:)", html)
    beside = {
        file for how in MADE.values() for file in (*how["files"], *how["data"], how["script"])
    }
    beside |= {"report.pdf", "report.md", "values.json", "../claims.json"}
    beside |= {"../reference/report.pdf", "../profiles/published_epoch.csv"}
    beside |= {"../evaluations/images.csv"}
    for link in page.links:
        known = link.startswith("https://") or link.removeprefix("#") in page.names
        assert known or link in beside, link


def shown(html: str) -> str:
    """Words of a page, without its markup."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


def test_the_page_answers_first(built: Path) -> None:
    html = (built / "report.html").read_text()
    box = html[html.index('<section class="summary"') : html.index('<div class="abstract">')]
    assert "<p" not in html[: html.index(box)].replace('<p class="subtitle"', "")
    text = shown(box)
    assert "In part. Of the 3 statements of the report that this build could test, 1 holds." in text
    for count in ("Holds: 1", "Does not hold: 2 (", "Not measured: 0"):
        assert count in text, count
    assert '<a href="#claim:third-one">Third one</a>' in " ".join(box.split())
    assert "NumPy, on 1 thread of a processor, takes 9 s to train on 60,000 images" in text
    assert "the errors are 21.50 ± 0.71 nats for the VAE" in text
    assert "Laptop scale" in text and "0123456789ab (with changes)" in text
    assert "2024-02-29" in text and "180 trainings, 3 hours" in text
    assert "snakemake --configfile a_b.yaml" in text and "version" in text


@pytest.mark.parametrize(
    ("holding", "answer"),
    [(4, "Yes"), (3, "Mostly"), (2, "In part"), (0, "Hardly")],
)
def test_the_answer_counts_every_verdict(values: Path, holding: int, answer: str) -> None:
    found = json.loads(values.read_text())
    names = [f"claim_{number}" for number in range(5)]
    verdicts = ("holds", "holds in part", "does not hold", "not told apart", "not measured")
    found |= {"claims": names, "verdicts": verdicts} | {f"verdicts.{name}": [] for name in verdicts}
    found |= {"verdicts.holds": names[:holding], "verdicts.holds in part": names[holding:4]}
    found["verdicts.not measured"] = names[4:]
    captions = {path.stem: "A caption." for path in CAPTIONS}
    text = " ".join(render(REPORT / "report.md", found, captions, FILES).split())
    hold = "holds" if holding == 1 else "hold"
    assert f"**{answer}.** Of the 4 statements" in text and f"could test, {holding} {hold}." in text
    assert f"[Holds in part: {4 - holding}]{{.verdict .holds-in-part}}" in text
    assert "[Not measured: 1]{.verdict .not-measured}" in text
    assert "[Claim 4]" not in text, "of what is not measured the number says enough"


def test_the_ledger_has_every_field_of_a_verdict_and_leads_to_its_evidence(built: Path) -> None:
    html = (built / "report.html").read_text()
    ledger = html[html.index('id="tbl:claims"') :]
    ledger = " ".join(ledger[: ledger.index("</figure>")].split())
    assert html.index('id="tbl:claims"') < html.index('id="introduction"')
    assert '<th style="text-align: right;" scope="col">Threshold</th>' in ledger
    assert 'id="claim:third-one"' in ledger
    assert '<span class="verdict does-not-hold">does not hold</span>' in ledger
    assert '<a href="#fig:5_1_profile">Figure 5.1</a>' in ledger
    assert '<a href="../profiles/published_epoch.csv">published_epoch</a>' in ledger


def test_texts_that_users_give_are_shown_as_they_are(built: Path) -> None:
    html = (built / "report.html").read_text()
    text = unescape(re.sub(r"<[^>]*>", "", html))
    assert " ".join(CITATION.split()) in " ".join(text.split())
    assert "The classes by number: 1 0, 2 猫 $x$." in " ".join(text.split())
    assert "<b>$x$ @x" in text
    assert "2 deeper folders left out, 1 images turned as EXIF says." in " ".join(text.split())
    assert "SHA-256 of the prepared file: 0123abcd; of its raw files: a_b.gz 4567ef." in " ".join(
        text.split()
    )
    title = re.search(r"<title>(.*?)</title>", html, re.DOTALL)
    assert title
    assert title[1] == "Auto-Encoding Variational Bayes, reproduced"


def test_the_pdf_is_the_same_bytes_for_the_same_input(built: Path) -> None:
    assert (built / "report.pdf").read_bytes() == (built / "again.pdf").read_bytes()
    assert (built / "report.pdf").read_bytes().startswith(b"%PDF")


def test_the_pdf_is_tagged_and_tells_whose_it_is_and_what_its_figures_show(built: Path) -> None:
    pdf = (built / "report.pdf").read_bytes()
    assert b"/StructTreeRoot" in pdf and b"/Marked true" in pdf and b"/Lang(en-GB)" in pdf
    assert len(re.findall(rb"/S/Figure/P \d+ 0 R/Alt\b", pdf)) == pdf.count(b"/S/Figure")
    assert pdf.count(b"/S/Figure") == len(FIGURES)
    assert len(re.findall(rb"/S/Formula/P \d+ 0 R/Alt\b", pdf)) == pdf.count(b"/S/Formula") > 20
    assert b"/Title(Auto-Encoding Variational Bayes, reproduced)" in pdf
    assert b"/Author(The vae-study authors)" in pdf and b"/CreationDate(D:20240229" in pdf
    assert b"/Outlines" in pdf and b"/S/TOCI" in pdf


def test_but_for_the_format_of_its_figures_the_pdf_is_as_pdf_ua_asks(
    built: Path, tmp_path: Path
) -> None:
    figures, tables = (built / folder for folder in ("figures", "tables"))
    text = convert(
        built / "report.md",
        "typst",
        f"--template={REPORT / 'report.typ'}",
        **CROSSREF,
        resources=[*figures.iterdir(), *tables.iterdir()],
    )
    shutil.copytree(figures, tmp_path, dirs_exist_ok=True)
    (tmp_path / "report.typ").write_text(text.replace('.pdf", alt', '.svg", alt'))
    given = {"ignore_system_fonts": True, "pdf_standards": ["ua-1"]}
    assert b"<pdfuaid:part>1" in typst.compile(tmp_path / "report.typ", **given)


def poppler(program: str, *arguments: str | Path) -> str:
    """Run one of poppler's programs; returns what it prints."""
    if not shutil.which(program):
        pytest.skip(f"{program} is not installed")
    command = [program, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="session")
def long_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a PDF of a ledger of some pages after a tall figure, by authors of unusual names."""
    folder = tmp_path_factory.mktemp("ledger")
    rows = [
        f'"Claim {row}",3.1,"{"A statement. " * 9}",holds,figure_x · profiles/theory.csv'
        for row in range(90)
    ]
    header = "Claim,Section,Statement,Verdict,Evidence"
    table = write_csv(folder / "table_claims.csv", header, *rows)
    figure = folder / "figure_x.pdf"
    Figure(figsize=(5, 7)).savefig(figure)
    (folder / "report.md").write_text(
        "---\ntitle: T\nauthor: [\"Ann O'Brien\", 'B. *C* & \\_D\\_']\ndate: 2024-02-29\n"
        f"lang: en-GB\n---\n\n{'Words. ' * 500}\n\n"
        "![A caption.](figure_x.svg){#fig:x alt='It \\\\ \"shows\".'}\n\n"
        '::: {#tbl:claims .csv src="table_claims.csv"}\nAll.\n:::\n\nThe end.\n'
    )
    template = REPORT / "report.typ"
    pdf = folder / "report.pdf"
    report_pdf(folder / "report.md", [figure], [table], **CROSSREF, template=template, pdf=pdf)
    return pdf


def test_a_ledger_of_some_pages_has_its_heading_on_each_and_no_figure_in_it(
    long_ledger: Path,
) -> None:
    *pages, _ = poppler("pdftotext", "-layout", long_ledger, "-").split("\f")
    ledger = [
        number for number, page in enumerate(pages) if re.search(r"^ *Claim \d+ ", page, re.M)
    ]
    assert len(ledger) > 2
    for number in ledger:
        assert re.search(r"^ *Claim +Section +Statement +Verdict +Evidence", pages[number], re.M)
        assert "Figure S1" in pages[number] and "theory" not in pages[number]
    assert not any("A caption." in pages[number] for number in ledger[1:])
    claims = re.findall(r"^ *Claim (\d+) ", "".join(pages), re.M)
    assert claims == [*map(str, range(90))]


def test_authors_may_have_any_name(long_ledger: Path) -> None:
    assert "Ann O’Brien, B. C & _D_" in poppler("pdfinfo", long_ledger)
