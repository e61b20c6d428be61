"""Figures show the numbers they are given, and are the same files on every run."""

import warnings
from collections.abc import Callable
from fnmatch import fnmatch
from functools import partial
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

import fabricated
import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, TINY
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from parsed import parsed_rules

from figure_5_2_cost_by_size import draw_costs
from figure_6_1_network_structures import draw_network, first_networks
from figure_6_2_network_reconstructions import draw_matrices, principal_components
from figure_6_4_latent_manifold import apart, draw_classes, draw_manifold
from figure_6_5_image_reconstructions import (
    figure_6_5_image_reconstructions,
    reconstruction_rows,
)
from figure_6_6_model_reconstructions import row_labels
from figure_7_1_ablation import draw_trainings
from figure_aevb_bound import draw_algorithms
from figure_boltzmann_training import draw_filters, draw_progress
from figure_likelihood_against_error import (
    baselines,
    draw_baselines,
    interval,
    measured_points,
    ranks,
)
from figure_model_samples import draw_neighbours
from figure_networks_while_training import draw_above_floors
from figure_prior_samples import Panel, in_rows, sample_panels
from study.arrays import read_arrays
from study.contracts import BOLTZMANN_TRAINING, COSTS, LIKELIHOOD, RECONSTRUCTION, RUN
from study.dataset import as_pixels
from study.learning_curves import draw_learning_curves
from study.peers import labels
from study.pixels import grey_levels
from study.plotting import (
    CATEGORIES,
    draw_images,
    draw_seeds,
    mosaic,
    new_figure,
    settled_limits,
    style,
)
from study.results import by_setting, classes_in_turn, read_table, read_tables, select
from study.step_sizes import best_trainings

NETWORKS: dict[str, Any] = {
    "image_shape": (12, 12),
    "latent_dimension": 3,
    "label_names": fabricated.STRUCTURES,
}

NETWORK_FLOORS = {
    "networks_published": 40.0,
    "networks_like_for_like": 60.0,
    "networks_upper_triangle": 30.0,
}

RULES = {name: rule for name, rule in parsed_rules(TINY).items() if name.startswith("figure_")}
FIGURES = sorted(RULES)

TRAININGS = {
    f"{optimizer}_{initialisation}": {"optimizer": optimizer, "initialisation": initialisation}
    for optimizer in ("adam", "sgd", "adagrad")
    for initialisation in ("xavier", "he", "normal")
}
AEVB_TRAININGS = {"report": {}, "wake_sleep": {"algorithm": "wake_sleep"}}


def ablation(path: Path) -> Path:
    return fabricated.elbo_table(path, "training", TRAININGS)


def aevb(path: Path) -> Path:
    """Write the bounds of two data sets, each with a network and latent dimensions of its own.

    Wake-sleep is 10 nats below AEVB.
    """
    mnist = {"dataset": "mnist", "architecture": "one_layer", "train_size": 60000}
    faces = {"dataset": "frey_face", "architecture": "one_layer_200_gaussian", "train_size": 1765}
    rows = [
        row | {"training": name, "value": row["value"] - 10 * (name == "wake_sleep")}
        for run, sizes in ((mnist, (3, 5, 10, 20, 200)), (faces, (2, 5, 10, 20)))
        for size in sizes
        for split in ("train", "test")
        for epoch in (1, 2, 3, 4)
        for row in [fabricated.elbo("latent_dimension", size, 1, split, epoch, **run)]
        for name in AEVB_TRAININGS
    ]
    return fabricated.measurements(path, rows)


def equal_updates(path: Path) -> Path:
    """Write the bounds of 100 images over 20 epochs, and of 1,000 over 2."""
    rows = [
        fabricated.elbo("train_size", size, 1, split, epoch, epochs=epochs)
        for size, epochs in ((100, 20), (1000, 2))
        for split in ("train", "test")
        for epoch in range(1, epochs + 1)
    ]
    return fabricated.measurements(path, rows)


def network_bounds(path: Path) -> Path:
    """Write the bounds of a network experiment: of one data set or, as written, of all three."""
    as_written = path.stem == "networks_as_written"
    training, epochs = ("report", 3) if as_written else ("batches_of_6", 4)
    rows = [
        fabricated.elbo("training", training, 1, split, epoch, dataset=dataset, epochs=epochs)
        for dataset in (NETWORK_FLOORS if as_written else [path.stem])
        for split in ("train", "test")
        for epoch in range(1, epochs + 1)
    ]
    return fabricated.measurements(path, rows)


def network_card(path: Path) -> Path:
    floor = NETWORK_FLOORS[path.stem]
    floors = dict(zip(fabricated.STRUCTURES, (floor - 10, floor, floor + 10), strict=True))
    return fabricated.card(path, name=path.stem, entropy_floor=floors)


WRITERS: dict[str, Callable[[Path], Path]] = {
    "datasets/*.npz": fabricated.network_dataset,
    "datasets/networks_*.json": network_card,
    "evaluations/ablation.csv": ablation,
    "evaluations/aevb.csv": aevb,
    "evaluations/boltzmann_training.csv": fabricated.boltzmann_training,
    "evaluations/boltzmann_training.npz": fabricated.boltzmann_filters,
    "evaluations/equal_updates.csv": equal_updates,
    "evaluations/latent_dimension.csv": partial(
        fabricated.elbo_table, studied="latent_dimension", values=(2, 20)
    ),
    "evaluations/likelihoods.csv": partial(
        fabricated.likelihoods, binarisations=("fixed", "dynamic")
    ),
    "evaluations/networks_*.csv": network_bounds,
    "evaluations/reconstruction.csv": fabricated.reconstruction_errors,
    "evaluations/reconstruction.npz": fabricated.reconstructed_images,
    "evaluations/samples.npz": fabricated.model_samples,
    "evaluations/training_size.csv": partial(
        fabricated.elbo_table, studied="train_size", values=(100, 1000)
    ),
    "models/networks_*.npz": partial(fabricated.run_arrays, **NETWORKS),
    "models/*_rgb/*.npz": partial(fabricated.run_arrays, image_shape=(4, 4, 3), latent_dimension=5),
    "models/*.npz": fabricated.run_arrays,
    "profiles/cost_by_size.csv": fabricated.costs,
    "profiles/numpy_epoch.csv": fabricated.profile,
    "profiles/published_epoch.csv": partial(fabricated.profile, backend="published", steps=3),
    "profiles/cupy_epoch.csv": fabricated.no_operations,
    "steps.csv": fabricated.steps,
}
"""Who makes up a file of the results; the first pattern that fits its path."""

PARAMS: dict[str, dict[str, Any]] = {
    "figure_5_1_profile": {
        "listing": {"optimize": 50.0, "backward": 30.0, "a": 5.0, "b": 4.0, "c": 3.0},
        "listing_total": 100.0,
    },
    "figure_6_1_network_structures": {"community_sizes": [6, 6]},
    "figure_6_6_model_reconstructions": {"models": fabricated.COMPARED},
    "figure_7_1_ablation": {"trainings": TRAININGS},
    "figure_aevb_bound": {"trainings": AEVB_TRAININGS},
    "figure_model_samples": {"models": fabricated.COMPARED},
}
"""Of figures that need others than their rule's, to fit what is made up."""


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Return the inputs and params of each figure, by the names that its rule gives them."""
    folder = tmp_path_factory.mktemp("inputs")

    def written(file: str) -> Path:
        path = folder / Path(file).relative_to("results")
        path.parent.mkdir(parents=True, exist_ok=True)
        within = str(path.relative_to(folder))
        return next(write for like, write in WRITERS.items() if fnmatch(within, like))(path)

    return {
        name: {
            **{key: value for key, value in rule.params.items() if key != "code"},
            **PARAMS.get(name, {}),
            **{
                key: written(files) if isinstance(files, str) else [written(file) for file in files]
                for key, files in rule.input.items()
            },
        }
        for name, rule in RULES.items()
    }


def draw(name: str, arguments: dict[str, Any], folder: Path) -> list[bytes]:
    """Draw a figure into a folder and return its files: svg, pdf, png."""
    files = {suffix: folder / f"figure.{suffix}" for suffix in ("svg", "pdf", "png")}
    step = Path(RULES[name].script).stem
    getattr(import_module(step), step)(**arguments, **files)
    return [file.read_bytes() for file in files.values()]


def saved_figure(
    name: str, arguments: dict[str, Any], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Figure:
    """Draw a figure into a folder and return it as it was saved."""
    saved: list[Figure] = []
    script = import_module(Path(RULES[name].script).stem)
    original = script.save

    def save(figure: Figure, *files: Path) -> None:
        original(figure, *files)
        saved.append(figure)

    monkeypatch.setattr(script, "save", save)
    draw(name, arguments, folder)
    (figure,) = saved
    return figure


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_the_same_three_files_under_any_user_settings(
    name: str, inputs: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    svg, pdf, png = draw(name, inputs[name], tmp_path)
    assert svg.startswith(b"<?xml")
    assert b"<text" not in svg, "letters are outlines: no font is needed to read the svg"
    assert pdf.startswith(b"%PDF")
    assert png.startswith(b"\x89PNG")
    with mpl.rc_context({"font.size": 20, "svg.hashsalt": None, "lines.linewidth": 5}):
        assert draw(name, inputs[name], tmp_path) == [svg, pdf, png]


@pytest.mark.parametrize("name", FIGURES)
def test_nothing_is_cut_off(
    name: str,
    inputs: dict[str, dict[str, Any]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every letter lies within the figure's edges."""
    figure = saved_figure(name, inputs[name], tmp_path, monkeypatch)
    drawn, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
    assert drawn.x0 >= 0 and drawn.x1 <= width
    assert drawn.y0 >= 0 and drawn.y1 <= height


def test_seeds_are_drawn_as_mean_range_and_points() -> None:
    axes = Figure().subplots()
    values = np.array([[1.0, 5.0, np.nan], [3.0, 6.0, 7.0]])
    line = draw_seeds(axes, np.array([1, 2, 4]), values, "black", "-", ["red", "green", "blue"])
    np.testing.assert_array_equal(line.get_ydata(), [2.0, 5.5, 7.0])
    band, points = axes.collections
    assert set(map(tuple, band.get_paths()[0].vertices)) == {
        (1, 1), (1, 3), (2, 5), (2, 6), (4, 7),
    }  # fmt: skip
    drawn = np.ma.getdata(points.get_offsets())[~np.isnan(values.ravel())]
    assert drawn.tolist() == [[1, 1], [2, 5], [1, 3], [2, 6], [4, 7]]


def test_one_seed_has_no_band() -> None:
    axes = Figure().subplots()
    draw_seeds(axes, np.array([1, 2]), np.array([[1.0, 2.0]]), "black")
    assert not axes.collections


def test_limits_leave_out_the_first_tenth_of_training() -> None:
    curve = np.concatenate([[-500.0, -400.0], np.linspace(-100, -80, 18)])[None]
    assert settled_limits([curve]) == (-101.0, -79.0)


def test_learning_curves_show_the_mean_over_seeds_of_each_value_and_split(tmp_path: Path) -> None:
    path = fabricated.elbo_table(tmp_path / "a.csv", "latent_dimension", (2, 20))
    elbo = select(read_table(path), metric="elbo")
    with style():
        by_epoch, last = draw_learning_curves(elbo, "latent_dimension", "Latent dimension").axes
    means = elbo.groupby(["latent_dimension", "split", "epoch"])["value"].mean()
    curves = [line.get_ydata() for line in by_epoch.lines]
    expected = [means[size, split] for size in (2, 20) for split in ("test", "train")]
    np.testing.assert_allclose(curves, expected)
    np.testing.assert_array_equal(by_epoch.lines[0].get_xdata(), [1, 2, 3, 4])
    train, test = last.lines
    np.testing.assert_allclose(test.get_ydata(), [means[2, "test", 4], means[20, "test", 4]])
    np.testing.assert_allclose(train.get_ydata(), [means[2, "train", 4], means[20, "train", 4]])
    assert [label.get_text() for label in last.get_xticklabels()] == ["2", "20"]
    assert train.get_linestyle() == "--"
    assert test.get_linestyle() == "-"


def test_training_sizes_are_shown_by_images_seen_too(tmp_path: Path) -> None:
    path = fabricated.elbo_table(tmp_path / "b.csv", "train_size", (100, 1000))
    elbo = select(read_table(path), metric="elbo")
    with style():
        _, seen, _ = draw_learning_curves(
            elbo, "train_size", "Size", against=("epoch", "images_seen")
        ).axes
    assert seen.lines[0].get_xdata().tolist() == [100, 200, 300, 400]
    assert seen.lines[-1].get_xdata().tolist() == [1000, 2000, 3000, 4000]


def test_runs_of_equal_updates_end_at_as_many_images_seen(tmp_path: Path) -> None:
    elbo = read_table(equal_updates(tmp_path / "equal_updates.csv"))
    with style():
        seen, last = draw_learning_curves(elbo, "train_size", "Size", against=("images_seen",)).axes
    assert {line.get_xdata()[-1] for line in seen.lines} == {2000}
    assert last.get_title(loc="left").endswith("After the last epoch")
    assert last.lines[0].get_xdata().tolist() == [100, 1000]


def test_each_latent_dimension_of_aevb_has_a_panel_with_both_algorithms(tmp_path: Path) -> None:
    elbo = read_table(aevb(tmp_path / "aevb.csv"))
    with style():
        figure = draw_algorithms(best_trainings(elbo, AEVB_TRAININGS))
    titles = [axes.get_title(loc="left").split("= ")[1] for axes in figure.axes]
    assert titles == ["3", "5", "10", "20", "200", "2", "5", "10", "20"]
    mnist = figure.axes[:5]
    assert mnist[0].get_ylabel().startswith("MNIST\n")
    for axes in figure.axes:
        ours, tests, baseline, _ = axes.lines
        assert ours.get_color() == tests.get_color() != baseline.get_color()
        np.testing.assert_allclose(np.subtract(ours.get_ydata(), baseline.get_ydata()), 10)
    assert mnist[0].lines[0].get_xdata()[-1] == 240_000
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        *("AEVB", "Wake-sleep", "Train", "Test")
    ]


def test_the_ablation_colours_by_initialisation(tmp_path: Path) -> None:
    elbo = select(read_table(ablation(tmp_path / "ablation.csv")), split="train")
    axes = new_figure(3, 3).subplots()
    part = select(elbo, training="sgd_he")
    draw_trainings(axes, part, TRAININGS, {"he": "#ff0000"})
    (line,) = axes.lines
    assert line.get_color() == "#ff0000"
    np.testing.assert_allclose(line.get_ydata(), part.groupby("epoch")["value"].mean())


def test_bounds_on_networks_stand_beside_the_floor_of_their_data(tmp_path: Path) -> None:
    """A panel a data set, a colour a setting that is the same in all, and its own floor in each."""
    names = [*NETWORK_FLOORS, "networks_as_written"]
    elbo = read_tables([network_bounds(tmp_path / f"{name}.csv") for name in names])
    with style():
        figure = draw_above_floors(elbo, NETWORK_FLOORS)
    assert len(figure.axes) == len(NETWORK_FLOORS)
    for axes, (name, floor) in zip(figure.axes, NETWORK_FLOORS.items(), strict=True):
        *curves, line = axes.lines
        assert np.unique(line.get_ydata()).tolist() == [-floor]
        assert [(curve.get_color(), len(curve.get_xdata())) for curve in curves] == [
            (colour, epochs)
            for colour, epochs in zip(CATEGORIES, (4, 3), strict=False)
            for _ in ("test", "train")
        ]
        means = select(elbo, dataset=name, training="report", split="test")["value"]
        np.testing.assert_allclose(curves[2].get_ydata(), means)
    told = [text.get_text() for text in figure.legends[0].get_texts()]
    assert told == ["Batches of 6", "As the text has it", "Train", "Test", "Entropy floor"]


def test_a_second_data_set_gets_panels_of_its_own(tmp_path: Path) -> None:
    paths = [
        fabricated.elbo_table(
            tmp_path / f"{name}.csv", "latent_dimension", (2,), dataset=name, train_size=size
        )
        for name, size in (("digits", 1000), ("mnist", 60000))
    ]
    elbo = read_tables(paths)
    assert [setting for setting, _ in by_setting(elbo, "latent_dimension")] == [
        {"dataset": "digits"},
        {"dataset": "mnist"},
    ], "a training size that goes with the data set tells nothing more"
    faces = elbo[elbo["dataset"] == "digits"].assign(dataset="frey_face")
    several = [faces.assign(architecture=name) for name in ("two_layer_200", "one_layer")]
    with style():
        axes = draw_learning_curves(
            pd.concat([elbo, *several]), "latent_dimension", "Latent dimension"
        ).axes
    assert [panel.get_ylabel().split("\n")[:-1] for panel in axes[::2]] == [
        ["Digits"],
        ["MNIST"],
        ["Frey Face", "Fully connected"],
        ["Frey Face", "One layer"],
    ], "a network is named where a data set has several"


def test_images_lie_in_rows_with_gaps_and_keep_their_pixels_to_two_grey_levels() -> None:
    images = np.array([[0.0, 1.0, 0.5, 0.2], [1.0, 1.0, 1.0, 1.0], [0.0, 0.0, 2.0, -1.0]])
    sheet = mosaic(images, (2, 2), columns=2, background=9)
    assert sheet.shape == (28 + 1 + 28, 28 + 1 + 28, 3)
    corners = sheet[:28:14, :28:14, 0]
    np.testing.assert_array_equal(corners, [[0, 255], [130, 50]])
    assert (sheet[28:29] == 9).all(), "the gap"
    assert (sheet[29:, 29:] == 9).all(), "no fourth image"
    np.testing.assert_array_equal(sheet[50, [0, 14]], [[255] * 3, [0] * 3], "cut to [0, 1]")


def test_colour_images_keep_their_channels() -> None:
    red = np.array([[1.0, 0.0, 0.0]])
    np.testing.assert_array_equal(mosaic(red, (1, 1, 3), columns=1)[0, 0], [255, 0, 0])


def test_every_grey_level_is_drawn_within_two_of_itself_and_black_and_white_exactly() -> None:
    levels = np.arange(256, dtype=np.uint8)[:, np.newaxis]
    drawn = mosaic(levels, (1, 1), columns=1)[:: 28 + 1, 0, 0].astype(int)
    assert abs(drawn - np.arange(256)).max() <= 2
    assert (drawn[0], drawn[-1]) == (0, 255)


def test_row_labels_stand_at_the_middle_of_their_rows() -> None:
    axes = Figure().subplots()
    draw_images(axes, np.zeros((4, 4)), (2, 2), 2, ["Original", "VAE"])
    assert axes.get_yticks().tolist() == [14.0, 43.0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["Original", "VAE"]


def test_classes_take_turns() -> None:
    labels = np.array([2, 2, 0, 1, 0])
    assert labels[classes_in_turn(labels, 9)].tolist() == [0, 1, 2, 0, 2]
    assert labels[classes_in_turn(labels, 4)].tolist() == [0, 1, 2, 0]


def test_shown_items_of_a_class_lie_evenly_spaced_in_it() -> None:
    assert classes_in_turn(np.zeros(10, dtype=np.int64), 4).tolist() == [0, 3, 6, 9]
    labels = np.repeat([0, 1], [7, 5])
    assert classes_in_turn(labels, 6).tolist() == [0, 7, 3, 9, 6, 11]


def test_grey_levels_are_the_nearest() -> None:
    pixels = np.array([[-0.1, 0.0, 0.5 / 255, 0.6 / 255, 254.4 / 255, 1.0, 1.5]])
    assert grey_levels(pixels).tolist() == [[0, 0, 0, 1, 254, 255, 255]]
    levels = np.arange(256, dtype=np.uint8)
    np.testing.assert_array_equal(grey_levels(as_pixels(levels)), levels)


def profile_panels(
    inputs: dict[str, Any], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, Any]:
    """Panels of Figure 5.1 by the first words of their titles."""
    figure = saved_figure("figure_5_1_profile", inputs, folder, monkeypatch)
    return {axes.get_title(loc="left").split("$ ")[1]: axes for axes in figure.axes}


def test_every_backend_has_a_panel_whose_bars_are_the_whole_epoch(
    inputs: dict[str, dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    operations = [
        fabricated.operations(tmp_path / "tensorflow.csv"),
        fabricated.no_operations(tmp_path / "cupy.csv"),
    ]
    gpu = sorted((ROOT / "results/reference/profiles/gpu").iterdir())
    given = inputs["figure_5_1_profile"] | {"operations": operations, "gpu": gpu}
    panels = profile_panels(given, tmp_path, monkeypatch)
    total = 13 + 12 + 11 + sum(range(11))
    assert list(panels) == [
        "The report's program: 100 s\nits listing",
        f"NumPy as published: {200 * total:,} s\none thread, 200 times 3 steps",
        f"NumPy: {total} s\none thread",
        "TensorFlow: 7 s\none thread",
        "CuPy: 0.0283 s\nNVIDIA H200, by phase",
    ]
    for axes in panels.values():
        assert sum(bar.get_width() for bar in axes.patches) == pytest.approx(100)
    *_, tensorflow, cupy = panels.values()
    texts = [text.get_text() for text in tensorflow.texts]
    assert texts == ["57.1%, 4 s", "28.6%, 2 s", "14.3%, 1 s"]
    assert [label.get_text() for label in cupy.get_yticklabels()] == [
        "products", "both at once", "the rest",
    ]  # fmt: skip
    colours = [axes.patches[0].get_facecolor() for axes in panels.values()]
    assert len(set(colours)) == 1, "products are of one colour"


def test_what_was_not_profiled_is_said_in_its_panel(
    inputs: dict[str, dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = inputs["figure_5_1_profile"] | {"gpu": []}
    here = given | {"operations": [fabricated.no_operations(tmp_path / "cupy.csv")]}
    titles = list(profile_panels(here, tmp_path, monkeypatch))
    assert titles[-2:] == ["TensorFlow\nnot measured", "CuPy\nnot measured: no device"]
    titles = list(profile_panels(given | {"operations": []}, tmp_path, monkeypatch))
    assert titles[-1] == "CuPy\nnot measured"


def test_networks_are_the_first_of_each_structure_in_report_order(tmp_path: Path) -> None:
    networks = first_networks(fabricated.network_dataset(tmp_path / "networks.npz"))
    assert list(networks) == ["small_world", "community", "sparse"]
    for item, adjacency in enumerate(networks.values()):
        assert adjacency.dtype == bool
        assert np.flatnonzero(adjacency.all(axis=1)).tolist() == [item]


def test_an_upper_triangle_is_drawn_as_the_matrix_it_is_of(tmp_path: Path) -> None:
    path = fabricated.run_arrays(tmp_path / "arrays.npz", **NETWORKS | {"image_shape": (66,)})
    names = ("image_shape", "label_names", "x_test", "y_test", "reconstruction")
    arrays = read_arrays(path, *names)
    panels = Figure().subplots(2, 3)
    draw_matrices(panels.tolist(), arrays)
    for row, name in zip(panels, ("x_test", "reconstruction"), strict=True):
        for axes, item in zip(row, (2, 1, 0), strict=True):
            shown = axes.images[0].get_array()
            np.testing.assert_array_equal(shown, shown.T)
            above = shown[np.triu_indices(12, 1)]
            np.testing.assert_array_equal(above, as_pixels(arrays[name][item]))
    dataset = dict(np.load(fabricated.network_dataset(tmp_path / "whole.npz")))
    above = dataset["x_train"].reshape(-1, 12, 12)[:, *np.triu_indices(12, 1)]
    np.savez(tmp_path / "half.npz", **dataset | {"x_train": above, "image_shape": np.array([66])})
    whole, half = (first_networks(tmp_path / f"{name}.npz") for name in ("whole", "half"))
    for name, matrix in whole.items():
        np.testing.assert_array_equal(half[name], matrix & ~np.eye(12, dtype=bool))


def test_an_edge_either_way_is_drawn_once() -> None:
    adjacency = np.zeros((4, 4), dtype=bool)
    adjacency[0, 1] = adjacency[1, 0] = adjacency[3, 2] = adjacency[2, 2] = True
    for structure in ("small_world", "community", "sparse"):
        axes = Figure().subplots()
        draw_network(axes, adjacency, structure, [2, 2])
        edges, nodes = axes.collections
        assert len(edges.get_paths()) == 2
        assert len(nodes.get_offsets()) == 4


def test_communities_must_cover_the_network() -> None:
    with pytest.raises(ValueError, match="community_sizes: expected sizes that add up to 4"):
        draw_network(Figure().subplots(), np.zeros((4, 4), dtype=bool), "community", [2, 3])


def test_matrices_stand_in_report_order_above_their_reconstructions(tmp_path: Path) -> None:
    path = fabricated.run_arrays(tmp_path / "arrays.npz", **NETWORKS)
    names = ("image_shape", "label_names", "x_test", "y_test", "reconstruction")
    arrays = read_arrays(path, *names)
    figure = new_figure(6, 4)
    panels = [[figure.add_subplot(2, 3, 3 * i + j + 1) for j in range(3)] for i in range(2)]
    draw_matrices(panels, arrays)
    assert [axes.get_title() for axes in panels[0]] == ["Small world", "Community", "Sparse"]
    for row, name in zip(panels, ("x_test", "reconstruction"), strict=True):
        for axes, item in zip(row, (2, 1, 0), strict=True):
            shown = axes.images[0].get_array()
            np.testing.assert_array_equal(shown, as_pixels(arrays[name][item]).reshape(12, 12))


def test_principal_components_find_the_widest_direction() -> None:
    random = np.random.default_rng(0)
    along, across = random.standard_normal(200) * 3, random.standard_normal(200)
    means = np.column_stack([across, along, np.zeros(200)]).astype(np.float32)
    scores, share = principal_components(means)
    assert abs(np.corrcoef(scores[:, 0], along)[0, 1]) > 0.99
    assert share.sum() == pytest.approx(1)
    assert share[0] > 0.8


def test_the_manifold_lies_on_its_latent_points() -> None:
    images = np.linspace(0, 1, 400)[:, None]
    axes = Figure().subplots()
    draw_manifold(axes, images, np.array([1, 1]))
    left, right, _, top = axes.images[0].get_extent()
    step = (right - left) / 20
    assert left + step / 2 == pytest.approx(-3)
    assert top - step / 2 == pytest.approx(3)
    sheet = axes.images[0].get_array()
    tile = len(sheet) // 20
    assert sheet[tile // 2, tile // 2, 0] == 0, "the first image is at the upper left"
    assert sheet[-tile // 2, -tile // 2, 0] == 255
    assert sheet[-1, -1, 0] == 0, "a dark rim sets images apart"


def test_each_class_is_named_at_its_median() -> None:
    means = np.array([[0.0, 0.0], [2.0, 1.0], [4.0, 5.0], [-1.0, -1.0]])
    axes = Figure().subplots()
    draw_classes(axes, means, np.array([0, 0, 0, 1]), np.array(["zero", "one", "none"]))
    named = {text.get_text(): text.get_position() for text in axes.texts}
    assert named == {"zero": (2.0, 1.0), "one": (-1.0, -1.0)}
    assert len({points.get_paths()[0].vertices.tobytes() for points in axes.collections}) == 3


def test_names_of_classes_are_drawn_as_they_are_or_by_number(tmp_path: Path) -> None:
    names = ["$\\bad$", "Ba$$in", "猫", "عربي", "a name longer than others"]
    means = np.arange(10.0).reshape(5, 2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = Figure()
        draw_classes(figure.subplots(), means, np.arange(5), np.array(names))
        figure.savefig(tmp_path / "figure.png")
    drawn = [text.get_text() for text in figure.axes[0].texts]
    assert drawn == ["$\\bad$", "Ba$$in", "class 3", "عربي", "class 5"]


def test_of_names_that_would_hide_one_another_that_of_the_largest_class_stays() -> None:
    axes = Figure().subplots()
    labels = np.append(np.arange(60), 7)
    names = np.array([str(n) for n in range(60)])
    draw_classes(axes, np.zeros((61, 2)), labels, names)
    assert [text.get_text() for text in axes.texts] == ["7", "1 of 60 classes are named"]


def test_names_of_classes_that_lie_together_are_moved_apart() -> None:
    points = np.array([[0.0, 0.0], [0.1, 0.0], [5.0, 5.0], [5.0, 5.0]])
    moved = apart(points, 0.4)
    np.testing.assert_allclose(moved, [[-0.15, 0], [0.25, 0], [5, 4.8], [5, 5.2]])
    np.testing.assert_array_equal(apart(points[[0, 2]], 0.4), points[[0, 2]])


def test_the_manifold_needs_two_latent_dimensions(tmp_path: Path) -> None:
    path = fabricated.run_arrays(tmp_path / "arrays.npz", latent_dimension=3)
    with pytest.raises(ValueError, match=r"arrays\.npz, array: 'manifold'"):
        draw("figure_6_4_latent_manifold", {"images": path, "codes": path}, tmp_path)


def test_reconstructions_of_several_architectures_share_their_originals(tmp_path: Path) -> None:
    path = fabricated.run_arrays(tmp_path / "arrays.npz")
    rows, image_shape = reconstruction_rows({"one_layer": path, "two_layer": path})
    assert list(rows) == ["Original", "One layer", "Two layer"]
    assert image_shape == [4, 4]
    arrays = read_arrays(path, "x_test", "reconstruction")
    turns = [0, 1, 2, 12, 13, 14, 24, 25, 26, 39]
    np.testing.assert_array_equal(rows["Original"], arrays["x_test"][turns])
    np.testing.assert_array_equal(rows["One layer"], arrays["reconstruction"][turns])
    assert list(reconstruction_rows({"one_layer": path})[0]) == ["Original", "Reconstruction"]


def test_two_runs_of_one_architecture_on_one_data_set_are_an_error(tmp_path: Path) -> None:
    path = fabricated.run_arrays(tmp_path / "arrays.npz")
    with pytest.raises(ValueError, match="a second run of one_layer on digits"):
        figure_6_5_image_reconstructions(
            [path, path], ["digits"] * 2, ["one_layer"] * 2, tmp_path, tmp_path, tmp_path
        )


def test_models_are_labelled_with_their_like_for_like_error(tmp_path: Path) -> None:
    path = fabricated.reconstruction_errors(tmp_path / "errors.csv")
    assert row_labels(read_table(path, RECONSTRUCTION), fabricated.COMPARED) == [
        "Original",
        "VAE\n70.00 ± 1.00 nats",
        "RBM\n80.00 ± 1.00 nats",
        "DBN\n130.00 ± 1.00 nats",
    ]


def test_samples_stand_beside_held_out_images(tmp_path: Path) -> None:
    two = fabricated.run_arrays(tmp_path / "two.npz")
    five = fabricated.run_arrays(tmp_path / "five.npz", latent_dimension=5)
    panels = sample_panels("digits", [("two_layer", 2, two), ("two_layer", 5, five)])
    titles = ["Digits: test", "Samples, 2 latent", "Samples, 5 latent"]
    assert [panel.title for panel in panels] == titles
    samples = read_arrays(five, "prior_samples")["prior_samples"]
    np.testing.assert_array_equal(panels[2].images, samples[:16])
    several = sample_panels("frey_face", [("one_layer", 2, two), ("two_layer", 5, five)])
    assert [panel.title for panel in several] == ["Frey Face: test", "One layer", "Two layer"]


def test_panels_of_a_data_set_share_a_row_and_rows_are_filled() -> None:
    names = ("ab", "cdef", "gh", "ij", "klmnop")
    groups = [[Panel(name, np.zeros((1, 1)), [1, 1]) for name in group] for group in names]
    rows = ["".join(panel.title for panel in row) for row in in_rows(groups)]
    assert rows == ["abgh", "cdef", "ijop", "klmn"]


def test_images_of_every_shape_and_without_classes_are_drawn(tmp_path: Path) -> None:
    """Of the shapes of the report's data sets; faces have one class."""
    faces = fabricated.run_arrays(tmp_path / "frey.npz", (28, 20), 20, ("Frey Face",))
    with np.load(faces) as arrays:
        np.savez(faces, linear=arrays["x_test"], **arrays)
    grey = fabricated.run_arrays(tmp_path / "grey.npz", (32, 32), 20)
    colour = fabricated.run_arrays(tmp_path / "rgb.npz", (32, 32, 3), 20)
    runs = {
        "images": [faces, grey, faces, colour],
        "datasets": ["frey_face", "cifar10_grey", "frey_face", "cifar10_rgb"],
        "architectures": ["two_layer_200"] * 2 + ["two_layer_200_gaussian", "two_layer_200"],
    }
    sampled = runs | {"latent_dimensions": [20] * 4}
    assert draw("figure_6_5_image_reconstructions", runs, tmp_path)[0].startswith(b"<?xml")
    for path, linear in ((faces, ["PCA"]), (grey, [])):
        rows, _ = reconstruction_rows({"one_layer": path})
        assert list(rows) == ["Original", "Reconstruction", *linear]
    assert draw("figure_prior_samples", sampled, tmp_path)[0].startswith(b"<?xml")


def test_many_values_are_read_off_a_scale_of_colours() -> None:
    """Fifty sizes: no legend names them, and the ticks of an axis do not touch."""
    rows = [
        {**dict.fromkeys(RUN, "x"), "latent_dimension": z, "epochs": 2, "seed": 1, "epoch": epoch}
        | {"train_size": 9, "split": split, "metric": "elbo", "value": -z, "unit": "nats/image"}
        for z in range(1, 51)
        for epoch in (1, 2)
        for split in ("train", "test")
    ]
    with mpl.rc_context():
        figure = draw_learning_curves(pd.DataFrame(rows), "latent_dimension", "Latent dimension")
        figure.draw_without_rendering()
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["Train", "Test"]
    for axes in (figure.axes[1], figure.axes[-1]):
        labels = [label for label in axes.get_xticklabels() if label.get_text()]
        left, right = axes.get_xlim()
        boxes = [
            label.get_window_extent()
            for label in labels
            if left <= label.get_position()[0] <= right
        ]
        assert 3 < len(boxes) <= 12
        assert all(one.x1 < two.x0 for one, two in pairwise(boxes))
    assert figure.axes[-1].get_xlabel() == "Latent dimension"


def test_costs_are_medians_over_the_limits_time(tmp_path: Path) -> None:
    table = read_table(fabricated.costs(tmp_path / "costs.csv"), COSTS)
    part = table[(table["varied"] == "batch_size") & (table["status"] == "measured")]
    axes = new_figure(3, 3).subplots()
    lines = draw_costs(axes, part, labels(), ["numpy", "tensorflow", "cupy"])
    assert list(lines) == ["numpy", "tensorflow", "limit"], "what was not measured has no line"
    sizes = np.array([5, 50, 500])
    np.testing.assert_allclose(lines["numpy"].get_xdata(), sizes)
    np.testing.assert_allclose(lines["tensorflow"].get_ydata(), 2 * 1.2 * sizes**0.5)
    np.testing.assert_allclose(lines["limit"].get_ydata(), 100 * sizes**0.5 / 200)


def test_every_layer_of_the_boltzmann_machines_has_a_curve_of_its_mean(tmp_path: Path) -> None:
    table = read_table(fabricated.boltzmann_training(tmp_path / "training.csv"), BOLTZMANN_TRAINING)
    measured = select(table, metric="pseudo_likelihood")
    lines = draw_progress(Figure().subplots(1, 3), measured, {"rbm": "RBM", "dbn": "DBN"})
    labels = [str(line.get_label()) for line in lines]
    assert labels == ["RBM", "DBN, layer 1", "DBN, layer 2", "DBN, layer 3"]
    epochs = np.arange(1, 21)
    for line, end in zip(lines, (10 + 3, 10, 20, 30), strict=True):
        np.testing.assert_array_equal(line.get_xdata(), epochs)
        np.testing.assert_allclose(line.get_ydata(), -2 * (100 / epochs + end + 2))
    assert len({line.get_color() for line in lines}) == 4
    assert len({line.get_marker() for line in lines}) == 4
    assert lines[0].axes is lines[1].axes, "of the same input"
    assert len({line.axes for line in lines}) == 3, "a scale for each other input"


def test_filters_are_grey_at_zero_on_one_symmetric_scale() -> None:
    weights = np.zeros((4, 100), dtype=np.float32)
    weights[0, :50], weights[1, :50], weights[2, :50], weights[3, 0] = 2, -2, 1, -7
    axes = Figure().subplots()
    draw_filters(axes, weights, [10, 10])
    sheet = axes.images[0].get_array()[..., 0]
    tile, step = 30, 31
    assert [sheet[10, unit * step + 10] for unit in range(4)] == [255, 0, 190, 130]
    assert sheet[0, 3 * step] == 0, "the one weight beyond the scale is cut to it"
    assert sheet[tile - 1, tile - 1] == 130, "a weight of 0"
    assert axes.get_xlabel() == "black ≤ −2.00, grey 0, white ≥ 2.00"


def test_the_first_samples_stand_above_their_neighbours(tmp_path: Path) -> None:
    path = fabricated.model_samples(tmp_path / "samples.npz")
    arrays = read_arrays(path, "rbm", "rbm_neighbours")
    axes = Figure().subplots()
    draw_neighbours(axes, arrays["rbm"], arrays["rbm_neighbours"], [4, 4])
    shown = axes.images[0].get_array()
    tops = [shown[:28, 29 * column : 29 * column + 28] for column in range(4)]
    bottoms = [shown[29:, 29 * column : 29 * column + 28] for column in range(4)]
    for images, name in ((tops, "rbm"), (bottoms, "rbm_neighbours")):
        pixels = [image[3::7, 3::7, 0].ravel() for image in images]
        np.testing.assert_allclose(pixels, arrays[name][:4], atol=2)


def test_held_out_images_and_samples_are_drawn_in_order_with_labels_in_the_empty_place(
    inputs: dict[str, dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = inputs["figure_model_samples"]
    figure = saved_figure("figure_model_samples", arguments, tmp_path, monkeypatch)
    arrays = read_arrays(arguments["samples"], "test", "vae", "rbm", "dbn")
    for axes, (name, images) in zip(figure.axes, arrays.items(), strict=False):
        drawn = axes.images[0].get_array()
        np.testing.assert_array_equal(drawn, mosaic(images[:16], (4, 4), 4), err_msg=name)
    held_out, strip = figure.axes[0].bbox, figure.axes[5]
    for text, image_row in zip(strip.texts, ("Sample", "Nearest in training"), strict=True):
        assert text.get_text() == image_row
        box = text.get_window_extent()
        assert box.x0 > held_out.x0 and box.x1 < strip.bbox.x0 and box.y1 < held_out.y0


def test_a_likelihood_of_most_samples_stands_against_the_error_of_its_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = fabricated.likelihoods(tmp_path / "likelihood.csv")
    arguments = {"likelihood": path, "models": fabricated.COMPARED}
    figure = saved_figure("figure_likelihood_against_error", arguments, tmp_path, monkeypatch)
    values, ranks_panel = figure.axes
    points = [line for line in values.lines if line.get_linestyle() == "None"]
    drawn = {tuple(line.get_xydata()[1]): line for line in points}
    assert list(drawn) == [(70, -93), (30, -95), (52, -89), (51, -90)]
    for (error, log_likelihood), line in drawn.items():
        seeds = [(error + shift, log_likelihood + shift) for shift in (-1, 0, 1)]
        np.testing.assert_allclose(line.get_xydata(), seeds)
        assert line.get_markerfacecolor() == line.get_color(), "one binarisation is filled"
    looks = [(line.get_color(), line.get_marker()) for line in points]
    assert len({colour for colour, _ in looks}) == len({marker for _, marker in looks}) == 3
    aside = "↓ VAE of 2, −140.0\n\n↓ Mixture\nof 500, −123.0\n\n↓ Independent\npixels, −206.0"
    assert aside in [text.get_text() for text in values.texts], "it would squeeze the others"
    title = "ρ = 0.30, n = 5\n95% interval −0.80 to 0.94"
    assert ranks_panel.get_title(loc="left").endswith(title)


def test_the_interval_of_a_rank_correlation_is_that_of_bonett_and_wright() -> None:
    low, high = interval(0.5, 28)
    assert (low, high) == pytest.approx((np.tanh(0.1335), np.tanh(0.9651)), abs=2e-3)
    assert np.isnan([*interval(0.5, 3), *interval(1.0, 20)]).all()


def test_dynamic_binarisation_is_hollow_beside_the_fixed_one(
    inputs: dict[str, dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "figure_likelihood_against_error"
    figure = saved_figure(name, inputs[name], tmp_path, monkeypatch)
    drawn = {tuple(line.get_xydata()[-1]): line for line in figure.axes[0].lines}
    assert drawn[(53, -88)].get_markerfacecolor() != "white"
    assert drawn[(53, -86)].get_markerfacecolor() == "white"
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()][3:] == [
        "Fixed binarisation",
        "Dynamic binarisation",
    ]


def test_every_size_is_named_near_its_mean_and_no_names_overlap(
    inputs: dict[str, dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "figure_likelihood_against_error"
    figure = saved_figure(name, inputs[name], tmp_path, monkeypatch)
    for axes, far in zip(figure.axes, ([], ["2"]), strict=True):
        named = [text.get_text() for text in axes.texts if text.get_text()[0].isdigit()]
        assert sorted(named) == sorted([*far, "20", "100", "500", "1,000"] * 2)
        boxes = [Text.get_window_extent(text) for text in axes.texts]
        for place, box in enumerate(boxes):
            assert not box.count_overlaps(boxes[:place]), axes.texts[place]
    axes = figure.axes[0]
    radius = 2 * figure.dpi / 72
    points = [line for line in axes.lines if line.get_marker() != "None"]
    covered = [
        Bbox.from_bounds(x - radius, y - radius, 2 * radius, 2 * radius)
        for line in points
        for x, y in axes.transData.transform(line.get_xydata())
    ]
    for text in axes.texts:
        assert not Text.get_window_extent(text).count_overlaps(covered), text
    named = {text.get_position(): text.get_text() for text in axes.texts}
    ends = [patch._posA_posB for patch in axes.patches if isinstance(patch, FancyArrowPatch)]
    joined = {(named[tuple(start)], tuple(np.round(end, 6))) for start, end in ends}
    assert {("20", (52, -89)), ("20", (52, -87)), ("1,000", (70, -93))} <= joined


def test_the_best_mixture_stands_for_all(tmp_path: Path) -> None:
    table = read_table(fabricated.likelihoods(tmp_path / "likelihood.csv"), LIKELIHOOD)
    assert baselines(table) == {"Mixture\nof 500": -123.0, "Independent\npixels": -206.0}
    assert baselines(select(table, model="vae")) == {}


def test_a_baseline_far_below_the_points_is_written_at_the_foot_of_the_axis() -> None:
    axes = Figure().subplots()
    draw_baselines(axes, {"Near": -101.5, "Far": -102.5}, pd.Series([-100.0, -98.0]))
    assert [line.get_ydata()[0] for line in axes.lines] == [-101.5]
    assert [text.get_text() for text in axes.texts] == ["↓ Far, −102.5", "Near"]


def test_ranks_agree_fully_where_less_error_is_more_likelihood() -> None:
    errors = np.array([30.0, 50.0, 70.0, 120.0])
    for sign, expected in ((-1, 1.0), (1, -1.0)):
        means = pd.DataFrame({"reconstruction_error": errors, "log_likelihood": sign * errors**3})
        by_error, by_likelihood, correlation = ranks(means)
        assert by_error.tolist() == [1, 2, 3, 4]
        assert by_likelihood.tolist() == [1, 2, 3, 4][::-sign]
        assert correlation == pytest.approx(expected)
    assert np.isnan(ranks(means[:2])[2]), "two models agree or oppose, whatever they are"


def test_a_model_measured_twice_or_never_is_an_error(tmp_path: Path) -> None:
    table = read_table(fabricated.likelihoods(tmp_path / "likelihood.csv"), LIKELIHOOD)
    other = table.assign(dataset="mnist")
    with pytest.raises(ValueError, match="reconstruction_error: expected one value for each model"):
        measured_points(pd.concat([table, other]))
    with pytest.raises(ValueError, match="expected a model with both"):
        measured_points(table[(table["model"] == "vae") == (table["metric"] == "log_likelihood")])


def test_no_arrow_of_the_workflow_passes_a_box(
    inputs: dict[str, dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    figure = saved_figure("figure_workflow", inputs["figure_workflow"], tmp_path, monkeypatch)
    (axes,) = figure.axes
    boxes = {text.get_text().split("\n")[0]: text.get_position() for text in axes.texts}
    del boxes[""]  # of arrows
    assert boxes["prepare"][0] < boxes["train"][0] < boxes["measure"][0] < boxes["tell"][0]
    assert boxes["clock"][0] == boxes["tell"][0], "in the last column before what takes its files"
    assert max(len(line.get_xydata()) for line in axes.lines) > 1, "there is a long one"
    for line in axes.lines:
        for x, y in line.get_xydata():  # type: ignore[union-attr]
            assert all(abs(x - left) > 0.4 or abs(y - up) > 0.45 for left, up in boxes.values())
