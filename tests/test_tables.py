"""Tables hold the right numbers, say why one is missing, and read as csv and as Markdown."""

import csv
import json
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import fabricated
import numpy as np
import pytest
from conftest import ROOT, TINY
from parsed import parsed_rules

from study import contracts
from study.contracts import (
    BOLTZMANN_TRAINING,
    COSTS,
    JOBS,
    LIKELIHOOD,
    MEASUREMENT,
    OPERATIONS,
    PROFILE,
    RECONSTRUCTION,
    TIMINGS,
    Table,
)
from study.likelihood_table import best_size, log_likelihoods
from study.peers import labels
from study.results import read_table, read_tables, select, varying
from study.tables import mean_and_deviation, write_table
from study.wording import in_report_order, readable
from study.work import function_label, kind_of_work
from vae.architecture import NETWORKS


def rows_of(name: str, folder: Path, **arguments: Any) -> list[dict[str, str]]:
    """Make a table and return its rows as the csv has them."""
    table, markdown = folder / "table.csv", folder / "table.md"
    getattr(import_module(name), name)(**arguments, table=table, markdown=markdown)
    with table.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(markdown.read_text(encoding="utf-8").splitlines()) == len(rows) + 2
    return rows


def test_the_reports_jobs_stand_beside_its_times(tmp_path: Path) -> None:
    rows = rows_of(
        "table_5_1a_as_published",
        tmp_path,
        jobs=fabricated.report_jobs(tmp_path / "jobs.csv"),
        reported={"numpy": {"CPU": 1281.958}, "tensorflow": {"CPU": 4.011, "GPU": 2.368}},
    )
    assert [row["Program"] for row in rows] == [
        "Pure NumPy",
        "NumPy on GPU (CuPy)",
        "TensorFlow (CPU)",
        "TensorFlow (GPU)",
    ]
    assert [row["Report (s)"] for row in rows] == ["1281.958", "not given", "4.011", "2.368"]
    assert [row["Here (s)"] for row in rows] == ["2000.000", "–", "5.500", "–"]
    assert [row["Status"] for row in rows] == [
        "measured, scaled from 3 of 600 steps",
        "not measured: no CUDA device",
        "measured",
        "not measured: no CUDA device",
    ]
    assert rows[1]["Job"].startswith("937 steps of 64, hidden layers of 500; ")


def test_implementations_are_summed_up_and_say_why_they_did_not_run(tmp_path: Path) -> None:
    path = fabricated.timings(tmp_path / "timings.csv")
    rows = rows_of("table_5_1b_like_for_like", tmp_path, timings=path, gpu=[], labels=labels())
    measured = {
        "Program": "NumPy",
        "Device": "CPU",
        "Seconds per epoch": "3.00",
        "Least to greatest": "2.00 to 4.00",
        "Rate (GFLOP/s)": "80.0",
        "Of limit, large": "40%",
        "Of limit, network": "50%",
        "Memory (MiB)": "503",
        "First step (s)": "0.2",
        "Energy (J/epoch)": "–",
        "Status": "3 repeats",
    }
    assert rows[0] == measured
    assert rows[1]["Program"] == "NumPy as published"
    assert rows[1]["Seconds per epoch"] == "2000"
    assert rows[1]["Status"] == "1 repeat, scaled from 1 of 600 steps"
    assert rows[1]["Energy (J/epoch)"] == "90000"
    assert rows[2] == dict.fromkeys(measured, "–") | {
        "Program": "CuPy",
        "Device": "GPU",
        "Status": "not measured: no CUDA device",
    }
    assert rows[3]["Status"] == "failed: its process was ended by the signal SIGKILL"
    assert len(rows) == 4


def test_timings_of_a_gpu_elsewhere_stand_under_its_name(tmp_path: Path) -> None:
    here = fabricated.timings(tmp_path / "backends.csv")
    there = fabricated.timings(tmp_path / "timings.csv")
    measured = there.read_text().splitlines()
    on_gpu = [line.replace("numpy,CPU", "cupy,GPU") for line in measured if "numpy,CPU" in line]
    there.write_text("\n".join([*measured[:4], *on_gpu]) + "\n")
    machine = tmp_path / "machine.json"
    machine.write_text('{"gpu": "NVIDIA Test"}')
    gpu = [machine, there]
    rows = rows_of("table_5_1b_like_for_like", tmp_path, timings=here, gpu=gpu, labels=labels())
    assert [(row["Program"], row["Device"]) for row in rows] == [
        ("NumPy", "CPU"),
        ("NumPy as published", "CPU"),
        ("JAX (scan)", "CPU"),
        ("CuPy", "GPU, NVIDIA Test"),
    ], "the row that says why CuPy did not run here gives way; NumPy there is no GPU's"
    assert rows[-1]["Seconds per epoch"] == "3.00"


def test_a_listing_of_each_program_adds_up_to_its_epoch(tmp_path: Path) -> None:
    rows = rows_of(
        "table_profiles",
        tmp_path,
        published=fabricated.profile(tmp_path / "published.csv", "published", steps=3),
        numpy=fabricated.profile(tmp_path / "numpy.csv"),
        operations=[fabricated.operations(tmp_path / "tensorflow.csv")],
        gpu=sorted((ROOT / "results/reference/profiles/gpu").iterdir()),
        labels=labels(),
        listing={"optimize": 50.0, "backward": 30.0},
        listing_total=100.0,
    )
    listings: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        listings.setdefault(row["Program"], []).append(row)
    assert list(listings) == [
        "The report's program, its listing",
        "NumPy as published, one thread, 200 times 3 steps",
        "NumPy, one thread",
        "TensorFlow, one thread",
        "CuPy, NVIDIA H200, by phase",
    ]
    for *parts, epoch in listings.values():
        assert epoch["Where"] == "the epoch" and epoch["Share"] == "100.0%"
        shares = [float(row["Share"].rstrip("%")) for row in parts]
        assert sum(shares) == pytest.approx(100, abs=0.5)
    _, published, numpy, tensorflow, cupy = listings.values()
    assert [row["Where"] for row in numpy[:3]] == ["numpy.matmul", "ndarray.sum", "step"]
    assert (numpy[0]["Kind of work"], numpy[2]["Kind of work"]) == ("products", "the rest")
    assert (published[0]["Calls"], published[0]["Own time (s)"]) == ("200", "2600")
    assert tensorflow[0]["Where"] == "fusion of ResourceApplyAdam: 10"
    assert [row["Where"] for row in tensorflow[-3:-1]] == ["3 others", "outside of operations"]
    assert cupy[-2]["Where"] == "waiting of blocks, and launch"


def test_a_backend_that_was_not_profiled_has_a_row_that_says_so(tmp_path: Path) -> None:
    rows = rows_of(
        "table_profiles",
        tmp_path,
        published=fabricated.profile(tmp_path / "published.csv", "published", steps=3),
        numpy=fabricated.profile(tmp_path / "numpy.csv"),
        operations=[fabricated.no_operations(tmp_path / "cupy.csv")],
        gpu=[],
        labels=labels(),
        listing={},
        listing_total=100.0,
    )
    assert [(row["Program"], row["Where"], row["Share"]) for row in rows[-2:]] == [
        ("TensorFlow", "not measured", "–"),
        ("CuPy", "not measured: no device", "–"),
    ]


def test_what_is_kept_of_numpy_is_told_apart() -> None:
    """Of the kept profile, function by function, little is of no kind."""
    folder = ROOT / "results/reference/profiles"
    frame = read_table(folder / "numpy_epoch.csv", PROFILE)
    kinds = frame["function"].map(lambda name: kind_of_work([function_label(name)]))
    shares = frame["own_seconds"].groupby(kinds).sum() / frame["own_seconds"].sum()
    assert shares["products"] > 0.6 and shares["optimizer"] > 0.1 and shares["the rest"] < 0.1


def test_energy_has_no_column_where_the_machine_tells_none(tmp_path: Path) -> None:
    path = fabricated.timings(tmp_path / "timings.csv")
    path.write_text(path.read_text().replace("90000.0", ""))
    rows = rows_of("table_5_1b_like_for_like", tmp_path, timings=path, gpu=[], labels=labels())
    assert not any(name.startswith("Energy") for name in rows[0])


def test_every_network_on_images_has_its_size_bound_and_error(tmp_path: Path) -> None:
    runs = (
        ("frey_face", "two_layer", 1),
        ("frey_face", "two_layer", 2),
        ("digits", "wide", 1),
        ("frey_face", "wide", 1),
    )
    values = (("elbo", -100.0), ("mean_squared_error", 0.01))
    rows = rows_of(
        "table_images",
        tmp_path,
        evaluations=fabricated.measurements(
            tmp_path / "images.csv",
            [
                {
                    "dataset": dataset,
                    "architecture": architecture,
                    "seed": seed,
                    "split": split,
                    "metric": metric,
                    "value": seed * value,
                }
                for dataset, architecture, seed in runs
                for split in ("train", "test")
                for metric, value in values
            ],
        ),
        cards=[
            fabricated.card(tmp_path / f"{name}.json", name=name, shape=[3, 2])
            for name in ("frey_face", "digits")
        ],
        architectures={
            "two_layer": NETWORKS["two_layer"],
            "wide": {
                "encoder_sizes": [7],
                "encoder_activation": "relu",
                "decoder_sizes": [5],
                "decoder_activation": "relu",
                "likelihood": "bernoulli",
            },
        },
    )
    assert [(row["Data set"], row["Network"], row["Seeds"]) for row in rows] == [
        ("Frey Face", "Two layer", "2"),
        ("Frey Face", "Wide", "1"),
        ("Digits", "Wide", "1"),
    ]
    assert rows[0]["Test ELBO (nats/image)"] == "-150.00 ± 70.71"
    assert rows[1]["Test error (levels of 255)"] == "25.5"
    # 6 pixels to 7 units to 2 means and 2 log variances; 2 latents to 5 units to 6 pixels.
    assert rows[1]["Parameters"] == str(6 * 7 + 7 + 7 * 4 + 4 + 2 * 5 + 5 + 5 * 6 + 6)


@pytest.mark.parametrize(("likelihood", "bound"), [("bernoulli", "–"), ("gaussian", "50.00")])
def test_principal_components_have_a_bound_to_compare_beside_a_normal_distribution_alone(
    tmp_path: Path, likelihood: str, bound: str
) -> None:
    values = {"elbo": 40.0, "mean_squared_error": 0.01}
    values |= {"linear_log_likelihood": 50.0, "linear_mean_squared_error": 0.04}
    settings = {"encoder_sizes": [7], "encoder_activation": "relu", "likelihood": likelihood}
    rows = rows_of(
        "table_images",
        tmp_path,
        evaluations=fabricated.measurements(
            tmp_path / "images.csv",
            [
                {"dataset": "faces", "architecture": name, "split": split, "seed": seed}
                | {"metric": metric, "value": value}
                for name in ("small", "smaller")
                for seed in (1, 2)
                for split in ("train", "test")
                for metric, value in values.items()
            ],
        ),
        cards=[fabricated.card(tmp_path / "faces.json", name="faces", shape=[3, 2])],
        architectures={"small": settings, "smaller": settings},
    )
    assert [row["Network"] for row in rows] == ["Small", "Smaller", "PCA"]
    assert [row["Seeds"] for row in rows] == ["2", "2", "–"]
    assert rows[2]["Test ELBO (nats/image)"] == bound
    assert rows[2]["Test error (levels of 255)"] == "51.0"
    assert rows[2]["Parameters"] == str(6 + 6 * int(rows[2]["Latent dimension"]) + 1)


def test_reconstruction_errors_stand_beside_the_published_ones(tmp_path: Path) -> None:
    rows = rows_of(
        "table_6_1_reconstruction_error",
        tmp_path,
        evaluations=fabricated.reconstruction_errors(tmp_path / "errors.csv"),
        likelihoods=[],
        models=fabricated.COMPARED,
        reported={"vae": 73.783, "rbm": 19.704, "dbn": 133.117},
    )
    assert [row["Model"] for row in rows] == ["VAE", "RBM", "DBN", "Entropy floor", "Mean image"]
    assert "Log-likelihood" not in rows[0], "none was measured"
    assert {row["Data set"] for row in rows} == {"Digits"}
    assert [row["Report (MNIST)"] for row in rows] == [
        "73.783",
        "19.704",
        "133.117",
        "not given",
        "not given",
    ]
    assert rows[1]["Published protocol"] == "30.00 ± 1.00"
    assert rows[1]["Like for like"] == "80.00 ± 1.00"
    assert rows[1]["95% interval"] == "± 0.25"
    assert rows[1]["Like for like, drawn"] == "–", "that protocol was not run"
    assert rows[3]["Published protocol"] == "–"
    assert rows[3]["Like for like"] == "40.00", "one value has no deviation"


def test_likelihoods_stand_beside_reconstruction_errors(tmp_path: Path) -> None:
    rows = rows_of(
        "table_6_1_reconstruction_error",
        tmp_path,
        evaluations=fabricated.reconstruction_errors(tmp_path / "errors.csv"),
        likelihoods=[fabricated.estimated_likelihoods(tmp_path / "likelihoods.csv")],
        models=fabricated.COMPARED,
        reported={"vae": 73.783, "rbm": 19.704, "dbn": 133.117},
    )
    assert {row["Model"]: row["Log-likelihood"] for row in rows} == {
        "VAE": "-88.50 ± 0.71 (5 latent dimensions)",
        "RBM": "-98.50 ± 0.71",
        "DBN": "at least -103.50 ± 0.71",
        "Entropy floor": "–",
        "Mean image": "–",
        "Mixture": "-145.00 (50 components)",
        "Independent pixels": "-206.00",
    }


def test_a_model_without_a_likelihood_says_why(tmp_path: Path) -> None:
    facts = fabricated.COMPARED["dbn"] | {"without_likelihood": "it has none"}
    rows = rows_of(
        "table_6_1_reconstruction_error",
        tmp_path,
        evaluations=fabricated.reconstruction_errors(tmp_path / "errors.csv"),
        likelihoods=[fabricated.estimated_likelihoods(tmp_path / "likelihoods.csv")],
        models=fabricated.COMPARED | {"dbn": facts},
        reported={},
    )
    assert rows[2]["Log-likelihood"] == "none: it has none"


def test_the_best_estimate_of_a_likelihood_is_taken(tmp_path: Path) -> None:
    """Quadrature of a plane, else the most samples; of annealing, the forward estimate."""
    frame = read_table(fabricated.estimated_likelihoods(tmp_path / "likelihoods.csv"), LIKELIHOOD)
    chosen = log_likelihoods(frame)
    assert len(chosen) == 2 * 3 + 2 * 2 + 2 * 2 + 1, "one a model, size and seed"
    values = chosen[chosen["seed"] == 1].set_index(["model", "size"])["value"]
    assert values["vae", 2] == -108
    assert values["vae", 5] == -89
    assert values["rbm", 500] == -99
    assert set(best_size(chosen, "vae")["size"]) == {5}


def latent_rows(size: int, **setting: Any) -> list[dict[str, Any]]:
    """Make the measurements of two seeds up, 100 too high before the last epoch."""
    values = {"elbo": -20.0, "kl": 5.0, "active_units": size, "reconstruction_error": 15.0}
    last = setting.get("epochs", 4)
    return [
        {"latent_dimension": size, "seed": seed, "metric": metric, **setting}
        | {"epoch": epoch, "value": value + seed + (100 if epoch < last else 0)}
        for seed in (1, 3)
        for metric, value in values.items()
        for epoch in range(1 if metric in ("elbo", "kl") else last, last + 1)
    ]


def test_latent_dimensions_are_summed_up_after_the_last_epoch(tmp_path: Path) -> None:
    path = fabricated.measurements(
        tmp_path / "evaluations.csv",
        [
            *latent_rows(10),
            *latent_rows(2),
            *({"metric": "elbo", "split": "train", "value": -9.0, "seed": seed} for seed in (1, 3)),
            *(
                {"metric": "linear_reconstruction_error", "value": 16.0, "seed": seed}
                for seed in (1, 3)
            ),
        ],
    )
    rows = rows_of("table_latent_dimension", tmp_path, evaluations=path)
    assert [row["Latent dimension"] for row in rows] == ["2", "10"]
    assert rows[0] == {
        "Latent dimension": "2",
        "Train ELBO (nats/image)": "-9.00",
        "Test ELBO (nats/image)": "-18.00 ± 1.41",
        "Test KL (nats/image)": "7.00 ± 1.41",
        "Active units": "4.0 ± 1.4",
        "Test error (nats/image)": "17.00 ± 1.41",
        "The same of PCA": "16.00",
        "Nearest neighbour accuracy": "–",
        "Seeds": "2",
    }
    assert rows[1]["Train ELBO (nats/image)"] == "–"


def test_settings_that_vary_lead_the_rows(tmp_path: Path) -> None:
    path = fabricated.measurements(
        tmp_path / "evaluations.csv",
        [*latent_rows(2, architecture="one_layer"), *latent_rows(2, architecture="two_layer")],
    )
    rows = rows_of("table_latent_dimension", tmp_path, evaluations=path)
    assert [row["Architecture"] for row in rows] == ["One layer", "Two layer"]


def test_what_goes_with_the_data_set_is_no_setting_of_its_own(tmp_path: Path) -> None:
    path = fabricated.measurements(
        tmp_path / "evaluations.csv",
        [
            *latent_rows(2, dataset="digits", train_size=1347),
            *latent_rows(2, dataset="mnist", train_size=60000),
        ],
    )
    assert varying(read_table(path), "latent_dimension") == ["dataset"]
    assert varying(read_table(path), "dataset") == []


def test_the_notebooks_losses_stand_beside_ours_after_the_same_epoch(tmp_path: Path) -> None:
    path = fabricated.measurements(
        tmp_path / "evaluations.csv",
        [
            {"metric": "elbo", "split": split, "seed": seed, "epoch": epoch, "value": value - seed}
            for split, value in (("train", -90.0), ("test", -99.0))
            for seed in (1, 3)
            for epoch in (1, 2, 3, 4)
        ],
    )
    theirs = {
        "dataset": "digits",
        "architecture": "two_layer",
        "training": "report",
        "latent_dimension": 2,
        "train_size": 1000,
        "epoch": 3,
        "train": 97.25,
    }
    published = {"short": theirs, "other": {**theirs, "dataset": "mnist", "test": 1.0}}
    rows = rows_of("table_notebook_losses", tmp_path, evaluations=[path, path], reported=published)
    assert rows[0] == {
        "Data set": "Digits",
        "Latent dimension": "2",
        "Training items": "1,000",
        "Epoch": "3",
        "Train, notebook": "97.25",
        "Train, here": "92.00 ± 1.41",
        "Test, notebook": "not given",
        "Test, here": "101.00 ± 1.41",
        "Seeds": "2",
    }
    assert rows[1]["Test, notebook"] == "1.00"
    assert rows[1]["Test, here"] == "not measured"
    assert rows[1]["Seeds"] == "0"


def test_what_goes_with_the_studied_setting_is_none_of_its_own(tmp_path: Path) -> None:
    path = fabricated.measurements(
        tmp_path / "evaluations.csv",
        [*latent_rows(2, train_size=100, epochs=40), *latent_rows(2, train_size=1000, epochs=4)],
    )
    assert varying(read_table(path), "train_size") == []
    assert varying(read_table(path), "latent_dimension") == ["train_size", "epochs"]


def test_a_row_that_two_tables_share_is_one(tmp_path: Path) -> None:
    first = fabricated.measurements(tmp_path / "a.csv", latent_rows(2))
    second = fabricated.measurements(tmp_path / "b.csv", [*latent_rows(2), *latent_rows(5)])
    assert len(read_tables([first, second])) == len(read_table(second))


def network_inputs(folder: Path) -> dict[str, list[Path]]:
    """Write losses of two seeds, and the cards, of both protocols."""
    evaluations, cards = [], []
    for protocol in ("published", "like_for_like"):
        dataset = f"networks_{protocol}"
        evaluations.append(
            fabricated.measurements(
                folder / f"{dataset}.csv",
                [
                    {"dataset": dataset, "seed": seed, "metric": f"{metric}_{name}", "value": value}
                    for seed in (1, 2)
                    for name in fabricated.STRUCTURES
                    for metric, value in (("elbo", -500.0 - seed), ("reconstruction", 490.0))
                ],
            )
        )
        floors = dict(zip(fabricated.STRUCTURES, (400.0, 450.0, 510.0), strict=True))
        cards.append(
            fabricated.card(
                folder / f"{dataset}.json", name=dataset, protocol=protocol, entropy_floor=floors
            )
        )
    return {"evaluations": evaluations, "cards": cards}


def test_network_losses_stand_beside_their_floors(tmp_path: Path) -> None:
    rows = rows_of("table_network_loss", tmp_path, **network_inputs(tmp_path))
    assert [(row["Protocol"], row["Structure"]) for row in rows] == [
        (protocol, structure)
        for protocol in ("Published", "Like for like")
        for structure in ("Small world", "Community", "Sparse")
    ]
    assert rows[0] == {
        "Protocol": "Published",
        "Entries": "All",
        "Structure": "Small world",
        "Reconstruction loss": "490.0",
        "Negative ELBO": "501.5 ± 0.7",
        "Entropy floor": "510.0",
        "Above the floor": "-8.5 ± 0.7",
        "Above, %": "-1.7 ± 0.1",
    }


def test_a_certain_network_is_no_share_above_its_floor(tmp_path: Path) -> None:
    """With one graph behind a class and every edge kept, there is nothing uncertain about it."""
    inputs = network_inputs(tmp_path)
    certain = dict.fromkeys(fabricated.STRUCTURES, 0.0)
    for card in inputs["cards"]:
        contents = {"entropy_floor": certain, "entries": "upper_triangle"}
        card.write_text(json.dumps(json.loads(card.read_text()) | contents))
    rows = rows_of("table_network_loss", tmp_path, **inputs)
    assert {(row["Above the floor"], row["Above, %"]) for row in rows} == {("501.5 ± 0.7", "–")}
    assert {row["Entries"] for row in rows} == {"Upper triangle"}


def test_networks_without_a_card_are_an_error(tmp_path: Path) -> None:
    inputs = network_inputs(tmp_path)
    inputs["cards"].pop()
    with pytest.raises(ValueError, match="no data card of 'networks_like_for_like'"):
        rows_of("table_network_loss", tmp_path, **inputs)


def test_a_data_card_becomes_a_row(tmp_path: Path) -> None:
    card = fabricated.card(tmp_path / "digits.json")
    assert rows_of("table_datasets", tmp_path, cards=[card]) == [
        {
            "Data set": "Digits",
            "Shape": "8 × 8",
            "Train": "1,347",
            "Test": "450",
            "Classes": "2",
            "Values": "0 to 255 (uint8)",
            "Source": "scikit-learn | load_digits",
            "Licence": "CC BY 4.0",
        }
    ]


def test_trainings_are_told_by_experiment(tmp_path: Path) -> None:
    folders = [f"models/digits/a/b/c/numpy-seed{seed}" for seed in (2, 1)]
    folders.append("models/photo_patches_grey/a/b/c/numpy-seed1")
    runs = fabricated.trainings(tmp_path / "runs.csv", *folders)
    rows = rows_of(
        "table_trainings",
        tmp_path,
        runs=runs,
        experiments={"Images": [*folders, folders[0]], "RBM": folders[:1]},
    )
    assert rows[0] == {
        "Experiment": "Images",
        "Data": "Digits; Photo patches, grey",
        "Trainings": "3",
        "Seeds": "1, 2",
        "Time together": "3 min",
        "Memory, at most (MiB)": "100",
        "Ended": "2024-02-29",
    }
    assert (rows[1]["Seeds"], rows[1]["Time together"]) == ("2", "60 s")


def test_markdown_sets_numbers_right_with_a_minus_and_escapes_bars(tmp_path: Path) -> None:
    rows = [{"Name": "a|b", "ELBO": "-1.5 ± 0.5"}, {"Name": "CC-BY-4.0", "ELBO": "-10"}]
    write_table(rows, tmp_path / "t.csv", tmp_path / "t.md", text_columns=["Name"])
    assert (tmp_path / "t.md").read_text(encoding="utf-8").splitlines() == [
        "| Name      |       ELBO |",
        "| :-------- | ---------: |",
        "| a\\|b      | −1.5 ± 0.5 |",
        "| CC-BY-4.0 |        −10 |",
    ]
    lines = (tmp_path / "t.csv").read_text(encoding="utf-8").splitlines()
    assert lines == ["Name,ELBO", "a|b,-1.5 ± 0.5", "CC-BY-4.0,-10"]


def test_a_table_without_rows_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one row"):
        write_table([], tmp_path / "t.csv", tmp_path / "t.md", text_columns=[])


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([1.0, 3.0], "2.0 ± 1.4"),
        ([2.0], "2.0"),
        ([2.0, 2.01], "2.0"),
        ([], "not measured"),
        ([np.nan, 2.0], "2.0"),
    ],
)
def test_a_spread_needs_two_values_that_differ_in_what_is_told(
    values: list[float], text: str
) -> None:
    assert mean_and_deviation(values, 1) == text


def test_a_table_of_other_columns_names_the_one_it_lacks(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("dataset,architecture,training,latent_dimensions\ndigits,a,b,2\n")
    with pytest.raises(ValueError, match=r"table\.csv, column: 'latent_dimension'.*nearest is lat"):
        read_table(path)


@pytest.mark.parametrize("share", [0.3, 0.5, 0.8, 0.99])
@pytest.mark.parametrize(
    ("write", "table"),
    [
        (partial(fabricated.elbo_table, studied="latent_dimension", values=(2,)), MEASUREMENT),
        (fabricated.reconstruction_errors, RECONSTRUCTION),
        (fabricated.likelihoods, LIKELIHOOD),
        (fabricated.boltzmann_training, BOLTZMANN_TRAINING),
        (fabricated.timings, TIMINGS),
        (fabricated.report_jobs, JOBS),
        (fabricated.costs, COSTS),
        (fabricated.profile, PROFILE),
        (fabricated.operations, OPERATIONS),
    ],
)
def test_a_table_that_was_cut_short_is_refused(
    write: Callable[[Path], Path], table: Table, share: float, tmp_path: Path
) -> None:
    path = write(tmp_path / "table.csv")
    read_table(path, table)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))].rstrip(b"\n"))
    with pytest.raises(ValueError, match="cut short"):
        read_table(path, table)


def test_a_table_cut_at_the_end_of_a_line_lacks_rows(tmp_path: Path) -> None:
    path = fabricated.elbo_table(tmp_path / "a.csv", "latent_dimension", (2, 20))
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:-1]))
    with pytest.raises(ValueError, match=r"a\.csv: expected elbo of digits .*4.*, got 3 up to 3"):
        read_table(path)
    path.write_text("".join(lines[:-4]))
    with pytest.raises(ValueError, match=r"a\.csv: expected 8 rows of digits,.*got 4 for 3"):
        read_table(path)


def test_every_csv_between_rules_has_a_contract_that_names_its_writer() -> None:
    tables = [value for value in vars(contracts).values() if isinstance(value, Table)]
    written = {
        name
        for name, rule in parsed_rules(TINY).items()
        for file in map(str, rule.output)
        if file.endswith(".csv") and "/tables/" not in file and not file.endswith("/history.csv")
    }
    assert written == {writer for table in tables for writer in table.writers}


def test_a_metric_that_was_not_measured_is_named_with_its_nearest(tmp_path: Path) -> None:
    path = fabricated.measurements(tmp_path / "t.csv", [{"metric": "elbo", "value": 1.0}])
    with pytest.raises(ValueError, match=r"metric: 'elbow'.*nearest is elbo"):
        select(read_table(path), metric="elbow")


def test_names_read_as_words() -> None:
    assert [readable(name) for name in ("small_world", "mnist")] == ["Small world", "MNIST"]
    assert in_report_order(["sparse", "ring", "small_world"]) == ["small_world", "sparse", "ring"]
