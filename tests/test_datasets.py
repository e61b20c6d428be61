"""Embedded datasets: their common form, their split, their card, and that a seed fixes them."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pytest
from conftest import copy_project
from sklearn.datasets import load_digits, load_sample_image

from prepare_dataset import prepare_dataset
from study.dataset import Dataset, load_dataset, save_dataset
from study.datasets.digits import digits
from study.datasets.photo_patches import disjoint_patches, photo_patches
from study.split import labelled, stratified_split
from vae.seeding import generator

ARRAYS: dict[str, Any] = {
    "x_train": np.array([[0, 51, 255, 0], [1, 2, 3, 4]], dtype=np.uint8),
    "y_train": np.array([0, 1]),
    "x_test": np.array([[5, 6, 7, 8]], dtype=np.uint8),
    "y_test": np.array([1]),
    "image_shape": np.array([2, 2]),
    "label_names": np.array(["circle", "square"]),
}


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


class TestSeeding:
    def test_stream_is_the_same_in_every_process(self) -> None:
        assert generator(663, "digits").bit_generator.random_raw() == 7655158562527072251

    def test_other_seed_or_names_give_another_stream(self) -> None:
        streams = [
            generator(1, *names).integers(2**62)
            for names in [("a",), ("b",), (), ("a", "b"), ("ab",), ("a, b",)]
        ]
        streams.append(generator(2, "a").integers(2**62))
        assert len(set(streams)) == len(streams)

    def test_number_and_its_text_are_one_name(self) -> None:
        assert generator(1, 20).random() == generator(1, "20").random()

    @pytest.mark.parametrize("seed", [-1, 1.5, "1", True])
    def test_root_seed_must_be_whole_and_not_negative(self, seed: Any) -> None:
        with pytest.raises(ValueError, match="seed: expected a whole number of at least 0"):
            generator(seed, "digits")


class TestFile:
    def test_what_is_saved_is_loaded(self, tmp_path: Path) -> None:
        save_dataset(tmp_path / "shapes.npz", Dataset(**ARRAYS))
        loaded = load_dataset(tmp_path / "shapes.npz")
        for name, array in ARRAYS.items():
            np.testing.assert_array_equal(getattr(loaded, name), array)
            assert getattr(loaded, name).dtype == array.dtype

    def test_bytes_do_not_depend_on_the_time_of_writing(self, tmp_path: Path) -> None:
        save_dataset(tmp_path / "shapes.npz", Dataset(**ARRAYS))
        with ZipFile(tmp_path / "shapes.npz") as archive:
            assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}

    def test_bytes_are_scaled_to_pixels_and_floats_are_pixels(self) -> None:
        np.testing.assert_allclose(Dataset(**ARRAYS).pixels("train")[0], [0, 0.2, 1, 0], rtol=1e-6)
        x = np.array([[0, 0.25, 1, 0]], dtype=np.float32)
        floats = Dataset(**ARRAYS | {"x_train": x, "y_train": np.array([0]), "x_test": x})
        assert floats.pixels("test") is x
        assert Dataset(**ARRAYS).pixels("test").dtype == np.float32

    def test_missing_arrays_are_named_with_the_file(self, tmp_path: Path) -> None:
        path = tmp_path / "shapes.npz"
        np.savez(path, **{name: ARRAYS[name] for name in ("x_train", "y_train", "image_shape")})
        with pytest.raises(
            ValueError,
            match=r"shapes\.npz: expected the arrays .*x_test, y_test, label_names missing",
        ):
            load_dataset(path)

    def test_another_kind_of_file_is_named(self, tmp_path: Path) -> None:
        path = tmp_path / "shapes.npz"
        path.write_text("<html>not found</html>")
        with pytest.raises(ValueError, match=r"shapes\.npz: expected an npz file"):
            load_dataset(path)

    def test_invalid_array_in_a_file_is_named_with_the_file(self, tmp_path: Path) -> None:
        path = tmp_path / "shapes.npz"
        np.savez(path, **ARRAYS | {"image_shape": np.array([2, 3])})
        with pytest.raises(ValueError, match=r"shapes\.npz: x_train: expected .*6 pixels"):
            load_dataset(path)

    @pytest.mark.parametrize(
        ("name", "value", "message"),
        [
            ("x_train", ARRAYS["x_train"][0], r"x_train: .*4 pixels, \(n, 4\), got \(4,\)"),
            ("x_train", ARRAYS["x_train"][:0], r"x_train: expected one or more"),
            ("x_train", ARRAYS["x_train"] / 255, "x_train: expected uint8 or float32, got float64"),
            ("x_test", ARRAYS["x_test"].astype(np.float32), r"x_test: .*in \[0, 1\], got 5.0 to 8"),
            ("x_test", np.full((1, 4), np.nan, np.float32), r"x_test: .*in \[0, 1\], got nan"),
            ("x_test", np.zeros((1, 4), np.float32), "x_test: expected x_train's dtype, uint8"),
            ("y_train", np.array([0]), r"y_train: expected int64 of shape \(2,\)"),
            ("y_train", np.array([0.0, 1.0]), "y_train: expected int64"),
            ("y_test", np.array([2]), "y_test: expected labels 0 to 1"),
            ("image_shape", np.array([2.0, 2.0]), "image_shape: expected one row of int64"),
            ("label_names", np.array([0, 1]), "label_names: expected one row of text"),
        ],
    )
    def test_invalid_arrays_are_named(self, name: str, value: Any, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            Dataset(**ARRAYS | {name: value})


class TestSplit:
    def test_every_item_is_in_one_set_and_each_class_in_proportion(self) -> None:
        labels = np.repeat([0, 1, 2], [40, 20, 8])
        train, test = stratified_split(labels, 0.25, rng())
        assert sorted([*train, *test]) == list(range(68))
        assert np.bincount(labels[test]).tolist() == [10, 5, 2]
        assert np.any(np.diff(labels[train]) < 0), "the classes still lie one after another"

    @pytest.mark.parametrize("fraction", [0, 1, -0.5, float("nan")])
    def test_fraction_out_of_range(self, fraction: float) -> None:
        with pytest.raises(ValueError, match="test_fraction: expected a number between 0 and 1"):
            stratified_split(np.zeros(10), fraction, rng())

    @pytest.mark.parametrize("fraction", [0.01, 0.99])
    def test_fraction_that_empties_a_set(self, fraction: float) -> None:
        with pytest.raises(ValueError, match="of a class of 10 leaves"):
            stratified_split(np.zeros(10), fraction, rng())

    def test_items_keep_their_labels_when_shuffled(self) -> None:
        x, y = labelled([np.full((5, 2, 2), 7), np.full((3, 2, 2), 9)], rng())
        assert x.shape == (8, 4)
        np.testing.assert_array_equal(x[:, 0], np.where(y == 0, 7, 9))
        assert np.bincount(y).tolist() == [5, 3]


class TestDigits:
    def test_every_digit_is_there_once_in_bytes(self) -> None:
        data = digits(0.25, rng())
        ink, labels = load_digits(return_X_y=True)
        rows = np.vstack([data.x_train, data.x_test])
        assert rows.shape == (1797, 64)
        assert rows.dtype == np.uint8
        assert (rows.min(), rows.max(), len(np.unique(rows))) == (0, 255, 17)
        ours = np.column_stack([np.rint(rows / 255 * 16), np.append(data.y_train, data.y_test)])
        np.testing.assert_array_equal(
            ours[np.lexsort(ours.T)], np.column_stack([ink, labels])[np.lexsort([*ink.T, labels])]
        )

    def test_each_class_is_held_out_in_proportion(self) -> None:
        data = digits(0.25, rng())
        counts = np.bincount(np.append(data.y_train, data.y_test))
        np.testing.assert_allclose(np.bincount(data.y_test), counts / 4, atol=0.5)


class TestPhotoPatches:
    @pytest.mark.parametrize("seed", range(5))
    @pytest.mark.parametrize(("train", "test"), [(500, 125), (50, 1), (1, 50)])
    def test_no_pixel_is_in_both_sets(self, seed: int, train: int, test: int) -> None:
        every_pixel_its_own_value = np.arange(61 * 83).reshape(61, 83)
        sets = disjoint_patches(
            every_pixel_its_own_value, 8, train, test, np.random.default_rng(seed)
        )
        assert not np.intersect1d(*sets).size
        assert [patches.shape for patches in sets] == [(train, 8, 8), (test, 8, 8)]

    def test_patches_are_contiguous_and_no_two_at_one_position(self) -> None:
        width = 83
        train, _ = disjoint_patches(np.arange(61 * width).reshape(61, width), 8, 500, 125, rng())
        offsets = np.arange(8)[:, None] * width + np.arange(8)
        np.testing.assert_array_equal(train - train[:, :1, :1], np.tile(offsets, (500, 1, 1)))
        assert len(np.unique(train[:, 0, 0])) == 500

    def test_blocks_leave_no_part_of_the_photograph_out(self) -> None:
        photograph = np.arange(10 * 13).reshape(10, 13)
        train, test = disjoint_patches(photograph, 2, 60, 12, rng())
        assert np.union1d(train, test).max() == photograph[-1, -1]

    def test_colours_labels_and_shapes(self) -> None:
        grey = photo_patches("grey", 16, 31, 8, rng())
        rgb = photo_patches("rgb", 16, 31, 8, rng())
        assert grey.x_train.shape == (31, 256)
        assert rgb.x_train.shape == (31, 768)
        assert rgb.image_shape.tolist() == [16, 16, 3]
        assert grey.label_names.tolist() == ["china", "flower"]
        assert np.bincount(grey.y_train).tolist() == [16, 15]
        channel_mean = rgb.x_train.reshape(-1, 256, 3).mean(axis=2)
        np.testing.assert_array_equal(grey.x_train, np.rint(channel_mean))

    def test_a_patch_is_cut_from_the_photograph_of_its_label(self) -> None:
        data = photo_patches("rgb", 64, 4, 2, rng())
        photograph = load_sample_image(f"{data.label_names[data.y_test[0]]}.jpg")
        patch = data.x_test[0].reshape(64, 64, 3)
        corners = np.argwhere((photograph[:-63, :-63] == patch[0, 0]).all(axis=2))
        assert any(
            np.array_equal(photograph[row : row + 64, column : column + 64], patch)
            for row, column in corners
        )

    def test_photograph_too_small_for_two_regions(self) -> None:
        with pytest.raises(ValueError, match=r"patch: expected at most 160 pixels.*640 x 427.*161"):
            photo_patches("rgb", 161, 10, 10, rng())
        photo_patches("rgb", 160, 10, 10, rng())

    def test_more_patches_than_positions(self) -> None:
        with pytest.raises(ValueError, match="train: 45000 patches of 32 x 32 wanted of a pho"):
            photo_patches("grey", 32, 90_000, 180_000, rng())

    def test_unknown_colour(self) -> None:
        with pytest.raises(ValueError, match=r"colour: 'gray' is unknown.*nearest is grey"):
            photo_patches("gray", 32, 10, 10, rng())

    @pytest.mark.parametrize(("patch", "train", "test"), [(0, 2, 2), (8, 1, 2), (8, 2, 0)])
    def test_too_few(self, patch: int, train: int, test: int) -> None:
        with pytest.raises(ValueError, match="expected a whole number of at least"):
            photo_patches("grey", patch, train, test, rng())


STRIPES = '''"""Stripes."""

SETTINGS = {"required": ["width"], "properties": {"width": {"$ref": "#/$defs/count"}}}


def input_dimension(settings):
    return settings["width"] ** 2


def training_items(settings):
    return 2


def prepare(settings, files, rng):
    import numpy as np

    from study.dataset import Dataset

    x = np.eye(settings["width"], dtype=np.uint8).repeat(settings["width"], axis=1)
    y = np.zeros(2, np.int64)
    shape, names = np.array([settings["width"]] * 2), np.array(["stripe"])
    terms = {"split": "by hand", "source": "here", "licence": "free", "citation": "none"}
    return Dataset(x[:2], y, x[:2], y, shape, names), terms
'''


def test_a_kind_is_one_module(tmp_path: Path) -> None:
    project = copy_project(tmp_path)
    (project.root / "scripts/study/datasets/stripes.py").write_text(STRIPES)
    datasets = {"thin": {"kind": "stripes", "width": 3}}
    (project.root / "my.yaml").write_text(json.dumps({"datasets": datasets}))
    card = "results/datasets/thin.json"
    project.snakemake(card, config="my.yaml")
    assert json.loads((project.root / card).read_text())["shape"] == [3, 3]
    for kind, planned in (("digits", False), ("stripes", True)):
        with open(project.root / f"scripts/study/datasets/{kind}.py", "a") as file:
            file.write("\nEDITED = True\n")
        printed = project.snakemake("--dry-run", card, config="my.yaml")
        assert ("prepare_dataset" in printed) == planned, f"{kind} was edited"
    (project.root / "my.yaml").write_text(json.dumps({"datasets": {"thin": {"kind": "stripes"}}}))
    printed = project.snakemake(card, config="my.yaml", status=1)
    assert "datasets.thin.width is missing; expected a whole number from 1 to 999999999" in printed


@pytest.mark.parametrize(
    "settings",
    [
        {"kind": "digits", "test_fraction": 0.25},
        {"kind": "photo_patches", "colour": "rgb", "patch": 8, "train": 20, "test": 10},
    ],
    ids=lambda settings: settings["kind"],
)
class TestSteps:
    def test_a_seed_gives_the_same_bytes_and_another_seed_others(
        self, tmp_path: Path, settings: dict[str, Any]
    ) -> None:
        written = []
        for run, seed in enumerate([663, 663, 664]):
            dataset, card = tmp_path / f"{run}.npz", tmp_path / f"{run}.json"
            prepare_dataset(dataset, card, "mine", settings, {}, seed)
            written.append((dataset.read_bytes(), card.read_bytes()))
        assert written[0] == written[1]
        assert written[0][0] != written[2][0]

    def test_the_card_describes_the_file(self, tmp_path: Path, settings: dict[str, Any]) -> None:
        path = tmp_path / "mine.npz"
        prepare_dataset(path, tmp_path / "mine.json", "mine", settings, {}, 1)
        data = load_dataset(path)
        card = json.loads((tmp_path / "mine.json").read_text(encoding="utf-8"))
        assert card["name"] == "mine"
        assert (card["n_train"], card["n_test"]) == (len(data.x_train), len(data.x_test))
        assert card["shape"] == data.image_shape.tolist()
        assert card["dtype"] == "uint8"
        assert 0 <= card["minimum"] < card["maximum"] <= 255
        assert list(card["classes"]) == data.label_names.tolist()
        counts = np.array(list(card["classes"].values()))
        assert counts.sum(axis=0).tolist() == [card["n_train"], card["n_test"]]
        assert card["sha256"] == sha256(path.read_bytes()).hexdigest()
        assert all(card[field] for field in ("split", "source", "licence", "citation"))
