"""Readers of raw files: what they read, and where and why they refuse a file."""

import gzip
import io
import os
import struct
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from conftest import ROOT, copy_project
from PIL import Image
from scipy.io import savemat

from planning import contents
from planning.datasets import fingerprint
from prepare_dataset import prepare_dataset
from study.dataset import Dataset, load_dataset
from study.datasets import cifar10 as cifar10_module
from study.datasets import mnist as mnist_module
from study.datasets._idx import read_idx
from study.datasets._images import read_images
from study.datasets._npz import read_npz
from study.datasets._own import Images, own_dataset
from study.datasets.cifar10 import CLASSES, RECORD_BYTES, TEST, TRAIN, cifar10
from study.datasets.frey_face import FRAMES, frey_face
from study.datasets.mnist import mnist
from study.seals import read_json

RAW = ROOT.parent / "shared" / "data" / "raw"
needs_raw_files = pytest.mark.skipif(not RAW.is_dir(), reason=f"no raw files in {RAW}")

ORIGIN = {"source": "here", "licence": "free", "citation": "none", "raw_files": {"a": "b"}}


def prepared(
    folder: Path, settings: dict[str, Any], origin: dict[str, Any] = ORIGIN, **files: Any
) -> tuple[Dataset, dict[str, Any]]:
    """Prepare a dataset; return it and its card as they are read again."""
    dataset, card = folder / "mine.npz", folder / "mine.json"
    prepare_dataset(dataset, card, "mine", settings, origin, 1, **files)
    return load_dataset(dataset), read_json(card)


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def idx(array: np.ndarray) -> bytes:
    sizes = struct.pack(f">{array.ndim}I", *array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.astype(np.uint8).tobytes()


IMAGES = np.arange(2 * 3 * 4).reshape(2, 3, 4)


class TestIdx:
    @pytest.mark.parametrize("pack", [bytes, gzip.compress])
    def test_what_was_written_is_read(self, tmp_path: Path, pack: Any) -> None:
        read = read_idx(write(tmp_path / "images", pack(idx(IMAGES))), 3)
        np.testing.assert_array_equal(read, IMAGES)
        assert read.dtype == np.uint8

    def test_gzip_of_several_members(self, tmp_path: Path) -> None:
        data = idx(IMAGES)
        path = write(tmp_path / "images", gzip.compress(data[:9]) + gzip.compress(data[9:]))
        np.testing.assert_array_equal(read_idx(path, 3), IMAGES)

    @pytest.mark.parametrize(
        ("data", "message"),
        [
            (b"", "byte 0: expected an idx file.*got an empty file"),
            (b"<html>", "byte 0: expected an idx file, which begins with 00 00, got 3c 68"),
            (b"\0\0\x0d\3", "byte 2: expected the type 08, unsigned bytes, got 0d"),
            (idx(IMAGES[0]), "byte 3: expected 3 as the number of dimensions, got 2"),
            (idx(IMAGES)[:3], "byte 3: the file ends within its header of 16 bytes"),
            (idx(IMAGES)[:10], "byte 10: the file ends within its header of 16 bytes"),
            (idx(IMAGES[:, :0]), r"byte 8: expected a size of 1 or more, got \[2, 0, 4\]"),
            (idx(IMAGES)[:-1], "byte 39: the file ends here; expected 2 x 3 x 4.*byte 40; .*short"),
            (idx(IMAGES) + b"abc", "byte 40: expected 2 x 3 x 4 .*got more bytes"),
            (b"\0\0\x08\3" + b"\xff" * 12, "byte 4: expected at most 1,073,741,824 values, got 4,"),
        ],
    )
    def test_a_malformed_file_is_refused_with_the_byte(
        self, tmp_path: Path, data: bytes, message: str
    ) -> None:
        path = write(tmp_path / "images", data)
        with pytest.raises(ValueError, match=f"^{path}: {message}"):
            read_idx(path, 3)

    def test_within_gzip_the_byte_is_that_of_the_unpacked_data(self, tmp_path: Path) -> None:
        path = write(tmp_path / "images.gz", gzip.compress(idx(IMAGES)[:-1]))
        with pytest.raises(ValueError, match="byte 39 of the unpacked data: the file ends"):
            read_idx(path, 3)

    @pytest.mark.parametrize(
        "change", [lambda packed: packed[:-9], lambda packed: packed + b"more"]
    )
    def test_gzip_data_that_are_not_whole(self, tmp_path: Path, change: Any) -> None:
        path = write(tmp_path / "images.gz", change(gzip.compress(idx(IMAGES))))
        with pytest.raises(ValueError, match=f"^{path}: its gzip data are damaged or were cut"):
            read_idx(path, 3)

    def test_a_corrupt_gzip_file(self, tmp_path: Path) -> None:
        noise = rng().integers(0, 256, (100, 10, 10))
        packed = bytearray(gzip.compress(idx(noise)))
        packed[5000] ^= 0xFF
        with pytest.raises(ValueError, match=r"images.gz: its gzip data are damaged"):
            read_idx(write(tmp_path / "images.gz", bytes(packed)), 3)


class TestMnist:
    @pytest.fixture
    def files(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
        """Files as MNIST's, but of 3 and 2 images."""
        monkeypatch.setattr(mnist_module, "ITEMS", {"train": 3, "test": 2})
        x = rng().integers(0, 256, (5, 28, 28))
        return [
            write(tmp_path / name, gzip.compress(idx(array)))
            for name, array in {
                "a": x[:3],
                "b": np.array([0, 9, 4]),
                "c": x[3:],
                "d": np.array([1, 2]),
            }.items()
        ]

    def test_the_published_split_is_kept(self, files: list[Path]) -> None:
        data = mnist(*files)
        np.testing.assert_array_equal(data.x_test.reshape(2, 28, 28), read_idx(files[2], 3))
        assert data.y_train.tolist() == [0, 9, 4]
        assert data.label_names.tolist() == list("0123456789")

    @pytest.mark.parametrize(
        ("place", "array", "message"),
        [
            (
                0,
                np.ones((3, 28, 27)),
                r"a: expected MNIST's images, \(3, 28, 28\), got \(3, 28, 27",
            ),
            (1, np.ones(2), "b: expected a label for each of 3 images, got 2"),
            (3, np.array([0, 10]), "d: expected labels 0 to 9, got up to 10"),
        ],
    )
    def test_other_images_or_labels(
        self, files: list[Path], place: int, array: np.ndarray, message: str
    ) -> None:
        write(files[place], idx(array))
        with pytest.raises(ValueError, match=message):
            mnist(*files)

    @needs_raw_files
    def test_the_real_files(self, tmp_path: Path) -> None:
        data, card = prepared(
            tmp_path,
            {"kind": "mnist"},
            **{part: RAW / file for part, file in mnist_module.RAW_FILES.items()},
        )
        assert data.x_train.shape == (60_000, 784)
        assert np.bincount(data.y_test).tolist() == [
            980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009,
        ]  # fmt: skip
        assert data.y_train[:5].tolist() == [5, 0, 4, 1, 9]
        assert data.pixels("train").mean() == pytest.approx(0.1307, abs=1e-4)
        assert card["raw_files"] == {"a": "b"}
        assert card["licence"] == "free"


FILM = np.arange(560 * FRAMES).reshape(560, FRAMES).astype(np.uint8)


class TestFreyFace:
    @pytest.fixture
    def film(self, tmp_path: Path) -> Path:
        path = tmp_path / "whole.mat"
        savemat(path, {"ff": FILM})
        return path

    def test_columns_are_frames_and_the_last_are_held_out(self, film: Path) -> None:
        data = frey_face(film, 65)
        np.testing.assert_array_equal(data.x_train, FILM.T[:1900])
        np.testing.assert_array_equal(data.x_test, FILM.T[1900:])
        assert data.image_shape.tolist() == [28, 20]
        assert not data.y_train.any()

    @pytest.mark.parametrize("test", [0, FRAMES])
    def test_a_set_without_frames(self, film: Path, test: int) -> None:
        with pytest.raises(ValueError, match="test: expected a whole number from 1 to 1964"):
            frey_face(film, test)

    @pytest.mark.parametrize("size", [0, 100, 128, 130, 5000])
    def test_a_cut_file(self, film: Path, tmp_path: Path, size: int) -> None:
        path = write(tmp_path / "film.mat", film.read_bytes()[:size])
        with pytest.raises(ValueError, match=f"^{path}: "):
            frey_face(path, 65)

    @pytest.mark.parametrize(
        "variables",
        [
            {"gg": FILM},
            {"ff": FILM.T},
            {"ff": FILM.astype(float)},
            {"ff": "text"},
            {"gg": 1, "ff": FILM},
            {"ff": FILM, "gg": 1},
        ],
    )
    def test_another_variable_shape_or_type(
        self, tmp_path: Path, variables: dict[str, Any]
    ) -> None:
        savemat(tmp_path / "film.mat", variables)
        with pytest.raises(ValueError, match=r"film.mat: expected the film as published"):
            frey_face(tmp_path / "film.mat", 65)

    @pytest.mark.parametrize("byte", [128, 136, 144, 152, 160, 168, 176])
    def test_a_damaged_file_is_never_read_as_another_film(
        self, film: Path, tmp_path: Path, byte: int
    ) -> None:
        damaged = bytearray(film.read_bytes())
        damaged[byte : byte + 4] = b"\xfe\xff\xff\xff"
        path = write(tmp_path / "film.mat", bytes(damaged))
        try:
            assert np.array_equal(frey_face(path, 65).x_train, FILM.T[:1900])
        except ValueError as error:
            assert str(error).startswith(f"{path}: ")

    @needs_raw_files
    def test_the_real_file(self, tmp_path: Path) -> None:
        settings = {"kind": "frey_face", "test": 200}
        data, card = prepared(tmp_path, settings, film=RAW / "frey_rawface.mat")
        assert data.x_train.shape == (1765, 560)
        frames = data.x_train.reshape(-1, 28, 20).astype(float)
        # Neighbouring frames, rows and columns are alike, as those of shuffled ones are not.
        for axis in range(3):
            shuffled = rng().permutation(frames, axis=axis)
            alike = np.abs(np.diff(frames, axis=axis)).mean()
            assert alike < 0.8 * np.abs(np.diff(shuffled, axis=axis)).mean()
        assert card["split"] == "the last 200 frames of the film held out, as one contiguous block"


def archive(members: Iterable[tuple[Any, bytes]]) -> bytes:
    """Make a tar archive; a member's name may be a whole header."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        for name, data in members:
            header = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            header.size = len(data)
            tar.addfile(header, io.BytesIO(data))
    return file.getvalue()


class TestCifar10:
    @pytest.fixture
    def records(self, monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
        """Records of six batches of 4 images each."""
        monkeypatch.setattr(cifar10_module, "BATCH", 4)
        records = rng().integers(0, 256, (6, 4, RECORD_BYTES)).astype(np.uint8)
        records[:, :, 0] %= 10
        return records

    @pytest.fixture
    def members(self, records: np.ndarray) -> list[tuple[Any, bytes]]:
        batches = [
            (name, batch.tobytes()) for name, batch in zip((*TRAIN, TEST), records, strict=True)
        ]
        return [*batches, ("cifar-10-batches-bin/batches.meta.txt", b"airplane\n")]

    def test_images_are_in_order_with_their_colours(
        self, tmp_path: Path, records: np.ndarray, members: list[tuple[Any, bytes]]
    ) -> None:
        path = write(tmp_path / "a.tar.gz", gzip.compress(archive(reversed(members))))
        rgb, grey = cifar10(path, "rgb"), cifar10(path, "grey")
        np.testing.assert_array_equal(rgb.y_train, records[:5, :, 0].ravel())
        np.testing.assert_array_equal(rgb.y_test, records[5, :, 0])
        assert tuple(rgb.label_names) == CLASSES
        planes = records[5, :, 1:].reshape(4, 3, 32, 32)
        images = rgb.x_test.reshape(4, 32, 32, 3)
        for channel in range(3):
            np.testing.assert_array_equal(images[..., channel], planes[:, channel])
        np.testing.assert_array_equal(grey.x_test.reshape(4, 32, 32), np.rint(planes.mean(axis=1)))
        assert grey.image_shape.tolist() == [32, 32]

    def refused(self, tmp_path: Path, data: bytes) -> str:
        path = write(tmp_path / "a.tar.gz", data)
        with pytest.raises(ValueError, match=f"^{path}: ") as raised:
            cifar10(path, "grey")
        return str(raised.value).removeprefix(f"{path}: ")

    def test_a_cut_archive(self, tmp_path: Path, members: list[tuple[Any, bytes]]) -> None:
        whole = archive(members)
        message = self.refused(tmp_path, gzip.compress(whole)[:-100])
        assert message.startswith("its gzip data are damaged or were cut short")
        for size in range(100, len(whole) - 22_000, 9_999):
            self.refused(tmp_path, gzip.compress(whole[:size]))
        last = self.refused(tmp_path, gzip.compress(archive(members[:5])))
        assert last == f"{TEST}: expected 12,292 bytes, found 0"

    def test_members_of_another_size_or_kind(
        self, tmp_path: Path, members: list[tuple[Any, bytes]]
    ) -> None:
        short = [(TRAIN[0], b"short"), *members[1:]]
        message = f"{TRAIN[0]}: expected 12,292 bytes, found 5"
        assert self.refused(tmp_path, gzip.compress(archive(short))) == message
        link = tarfile.TarInfo(TRAIN[0])
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        linked = [(link, b""), *members[1:]]
        assert "/etc/passwd" in self.refused(tmp_path, gzip.compress(archive(linked)))

    def test_no_path_of_an_archive_is_written_to(
        self, tmp_path: Path, members: list[tuple[Any, bytes]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder = tmp_path / "inside"
        folder.mkdir()
        monkeypatch.chdir(folder)
        evil = [("../outside", b"x"), (str(tmp_path / "absolute"), b"x"), *members]
        path = write(folder / "a.tar.gz", gzip.compress(archive(evil)))
        assert len(cifar10(path, "grey").x_train) == 20
        assert [each.name for each in tmp_path.rglob("*")] == ["inside", "a.tar.gz"]

    def test_a_label_out_of_range(self, tmp_path: Path, members: list[tuple[Any, bytes]]) -> None:
        data = bytearray(members[1][1])
        data[2 * RECORD_BYTES] = 10
        members[1] = (TRAIN[1], bytes(data))
        message = self.refused(tmp_path, archive(members))
        assert message == f"{TRAIN[1]}: expected labels from 0 to 9, got up to 10"

    def test_no_archive_at_all(self, tmp_path: Path) -> None:
        assert "cannot be read as a tar archive" in self.refused(tmp_path, b"<html>" * 200)

    def test_unknown_colour(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match="colour: 'gray' is unknown"):
            cifar10(tmp_path / "a.tar.gz", "gray")

    def test_the_card_says_what_grey_is(
        self, tmp_path: Path, members: list[tuple[Any, bytes]]
    ) -> None:
        path = write(tmp_path / "a.tar.gz", gzip.compress(archive(members)))
        settings = {"kind": "cifar10", "colour": "grey", "source": "cifar10"}
        _, card = prepared(tmp_path, settings, archive=path)
        assert card["colour"] == "mean of the three channels, rounded to a whole grey level"
        assert card["raw_files"] == {"a": "b"}


class TestOwn:
    def test_two_sets_and_labels_of_text(self) -> None:
        train = Images(IMAGES.astype(np.uint8), np.array(["dog", "cat"]))
        data = own_dataset(train, Images(IMAGES[:1].astype(np.uint8), np.array(["eel"])), rng=rng())
        assert data.label_names.tolist() == ["cat", "dog", "eel"]
        assert (data.y_train.tolist(), data.y_test.tolist()) == ([1, 0], [2])
        np.testing.assert_array_equal(data.x_train, IMAGES.reshape(2, 12))
        assert data.image_shape.tolist() == [3, 4]

    def test_a_fraction_without_labels(self) -> None:
        data = own_dataset(Images(np.zeros((10, 2, 2, 3))), test_fraction=0.3, rng=rng())
        assert (len(data.x_train), len(data.x_test)) == (7, 3)
        assert data.label_names.tolist() == ["all"]
        assert data.x_train.dtype == np.float32
        assert data.image_shape.tolist() == [2, 2, 3]

    def test_truth_values_are_black_and_white(self) -> None:
        pixels = np.array([[[True, False]]] * 4)
        data = own_dataset(Images(pixels), test_fraction=0.5, rng=rng())
        assert data.x_train.tolist() == [[255, 0]] * 2

    @pytest.mark.parametrize(
        ("pixels", "labels", "message"),
        [
            (np.zeros((5, 4)), None, r"expected images as \(n, height, width\).*shape \(5, 4\)"),
            (np.zeros((0, 4, 4)), None, r"expected images .*shape \(0, 4, 4\)"),
            (np.zeros((5, 4, 4), int), None, "expected pixels as uint8, bool or floats.*int64"),
            (np.zeros((5, 4, 4)), np.zeros((5, 1), int), "expected labels as one row"),
            (np.zeros((5, 4, 4)), np.zeros(5), "expected labels .*float64"),
            (np.zeros((5, 4, 4)), np.zeros(4, int), "a label for each of 5 images, got 4 labels"),
        ],
    )
    def test_arrays_that_are_no_images(self, pixels: Any, labels: Any, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            Images(pixels, labels)

    @pytest.mark.parametrize(
        ("labels", "message"),
        [
            (["a\x1b", "b"] * 5, r"labels of text without control characters, got 'a\\x1b'"),
            (["\u202eb", "b"] * 5, "labels of text without control characters"),
            (["b", " "] * 5, "labels of text without control characters, got ' '"),
        ],
    )
    def test_labels_that_are_no_text(self, labels: Any, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            own_dataset(
                Images(np.zeros((10, 4, 4)), np.array(labels)), test_fraction=0.5, rng=rng()
            )

    def test_more_labels_than_classes(self) -> None:
        images = Images(np.zeros((1001, 1, 1)), np.arange(1001))
        with pytest.raises(ValueError, match="at most 1,000 classes, got 1,001 different labels"):
            own_dataset(images, images, rng=rng())

    def test_one_channel_is_none(self) -> None:
        data = own_dataset(Images(np.zeros((10, 2, 3, 1))), test_fraction=0.3, rng=rng())
        assert data.image_shape.tolist() == [2, 3]

    def test_sets_that_do_not_go_together(self) -> None:
        one, other = Images(np.zeros((5, 4, 4))), Images(np.zeros((5, 4, 3)))
        with pytest.raises(ValueError, match="size, 4 x 4, got 4 x 3"):
            own_dataset(one, other, rng=rng())
        with pytest.raises(ValueError, match="dtype, float64, got uint8"):
            own_dataset(one, Images(np.zeros((5, 4, 4), np.uint8)), rng=rng())
        with pytest.raises(ValueError, match="of both sets or of neither, got only the test"):
            own_dataset(one, Images(np.zeros((5, 4, 4)), np.arange(5)), rng=rng())
        for both in ({"test": one, "test_fraction": 0.5}, {}):
            with pytest.raises(ValueError, match="expected either images to test on"):
                own_dataset(one, **both, rng=rng())

    def test_bytes_of_zeros_and_ones_would_be_black(self) -> None:
        with pytest.raises(ValueError, match="got 0 and 1 alone, which would all be black"):
            own_dataset(Images(np.eye(4, dtype=np.uint8)[None]), test_fraction=0.5, rng=rng())

    def test_floats_out_of_range(self) -> None:
        with pytest.raises(ValueError, match=r"x_train: expected float32 pixels in \[0, 1\]"):
            own_dataset(Images(np.full((4, 2, 2), 3.0)), test_fraction=0.5, rng=rng())


class TestNpz:
    x = np.arange(4 * 6).reshape(4, 2, 3).astype(np.uint8)

    def test_one_set_or_two(self, tmp_path: Path) -> None:
        np.savez(tmp_path / "a.npz", x=self.x, y=[1, 1, 2, 2])
        one, none = read_npz(tmp_path / "a.npz")
        assert none is None
        assert one.labels is not None
        assert one.labels.tolist() == [1, 1, 2, 2]
        np.savez(tmp_path / "b.npz", x_train=self.x[:3], x_test=self.x[3:])
        _, two = read_npz(tmp_path / "b.npz")
        assert two is not None
        np.testing.assert_array_equal(two.pixels, self.x[3:])

    @pytest.mark.parametrize(
        ("arrays", "message"),
        [
            ({"images": x}, "expected the arrays x_train and x_test, or x; found images"),
            ({"x_train": x, "x_test": x[0]}, "x_test: expected images as"),
            ({"x": np.array([{}])}, "cannot be read as an npz file at its array x .*no pickle"),
            (
                {"x": np.zeros((2, 3, 8, 8), np.uint8)},
                r"x: expected 1 channel or 3 .*got \(2, 3, 8, 8\); numpy.moveaxis\(x, 1, -1\)",
            ),
            ({"x": np.zeros((2, 8, 8, 4))}, r"x: expected 1 channel or 3 .*got \(2, 8, 8, 4\)$"),
        ],
    )
    def test_other_arrays(self, tmp_path: Path, arrays: Any, message: str) -> None:
        path = tmp_path / "a.npz"
        np.savez(path, **arrays)
        with pytest.raises(ValueError, match=f"^{path}: {message}"):
            read_npz(path)

    def test_a_cut_or_damaged_file(self, tmp_path: Path) -> None:
        path = tmp_path / "a.npz"
        np.savez(path, x=self.x)
        whole = path.read_bytes()
        with pytest.raises(ValueError, match=r"its 100 bytes have no directory.* was cut short"):
            read_npz(write(path, whole[:100]))
        damaged = bytearray(whole)
        damaged[200] ^= 0xFF
        with pytest.raises(ValueError, match="cannot be read as an npz file at its array x"):
            read_npz(write(path, bytes(damaged)))


class TestFolder:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        """Two classes of two images of 5 x 4 pixels."""
        folder = tmp_path / "photos"
        for number, name in enumerate(("cat/1.png", "cat/2.JPG", "dog/1.bmp", "dog/2.png")):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            image = Image.fromarray(np.full((4, 5, 3), [number, 0, 0], np.uint8))
            image.save(folder / name)
        (folder / "notes.txt").write_text("no image")
        (folder / ".hidden.png").write_text("no image")
        return folder

    def read(self, folder: Path, colour: str = "rgb") -> Images:
        return read_images(folder, colour)[0]

    def test_subfolders_are_classes(self, folder: Path) -> None:
        images = self.read(folder)
        assert images.pixels.shape == (4, 4, 5, 3)
        assert images.labels is not None
        assert images.labels.tolist() == ["cat", "cat", "dog", "dog"]
        assert images.pixels[2:, 0, 0, 0].tolist() == [2, 3]
        assert self.read(folder, "grey").pixels.shape == (4, 4, 5)

    def test_without_subfolders_there_are_no_labels(self, folder: Path) -> None:
        assert self.read(folder / "cat").labels is None

    def test_the_first_image_of_another_size_is_named(self, folder: Path) -> None:
        Image.new("L", (5, 5)).save(folder / "dog/1.bmp")
        Image.new("L", (6, 5)).save(folder / "dog/2.png")
        with pytest.raises(ValueError, match=r"dog/1.bmp: .*5 x 4 .*cat/1.png has, got 5 x 5"):
            self.read(folder)

    def test_what_is_no_image_is_named(self, folder: Path) -> None:
        (folder / "dog/1.bmp").write_text("<html>")
        with pytest.raises(
            ValueError, match=r"dog/1.bmp: cannot be read as an image \(expected one of"
        ):
            self.read(folder)

    def test_a_cut_image_is_named(self, folder: Path) -> None:
        noise = rng().integers(0, 256, (4, 5, 3)).astype(np.uint8)
        Image.fromarray(noise).save(folder / "dog/2.png")
        data = (folder / "dog/2.png").read_bytes()
        (folder / "dog/2.png").write_bytes(data[:70])
        with pytest.raises(ValueError, match=r"dog/2.png: cannot be read as an image"):
            self.read(folder)

    def test_sixteen_bits_are_refused(self, folder: Path) -> None:
        Image.fromarray(np.full((4, 5), 1000, np.uint16)).save(folder / "cat/1.png")
        with pytest.raises(ValueError, match=r"cat/1.png: .*expected 8 bits a channel"):
            self.read(folder)

    @pytest.mark.parametrize("mode", ["LA", "RGBA"])
    def test_transparent_images_are_refused(self, folder: Path, mode: str) -> None:
        Image.new(mode, (5, 4)).save(folder / "cat/1.png")
        with pytest.raises(ValueError, match=r"cat/1.png: .*opaque image, got transparent"):
            self.read(folder)

    def test_an_opaque_alpha_channel_is_no_loss(self, folder: Path) -> None:
        Image.new("RGBA", (5, 4), (7, 7, 7, 255)).save(folder / "cat/1.png")
        assert self.read(folder).pixels[0, 0, 0].tolist() == [7, 7, 7]

    def test_bits_are_black_and_white(self, folder: Path) -> None:
        (folder / "cat/1.pgm").write_text("P1\n5 4\n" + "0 1 0 1 0\n" * 4)
        (folder / "cat/1.png").unlink()
        assert self.read(folder).pixels[0, 0, :, 0].tolist() == [255, 0, 255, 0, 255]

    @pytest.mark.parametrize("text", ["P6\n5 4\n65535\n", "P6\n5 4\n256\n"])
    def test_deep_colours_are_not_cut(self, folder: Path, text: str) -> None:
        (folder / "cat/1.ppm").write_bytes(text.encode() + bytes(120))
        with pytest.raises(ValueError, match=r"cat/1.ppm: .*expected 8 bits a channel"):
            self.read(folder)

    def test_images_are_upright_and_what_is_left_out_is_counted(self, folder: Path) -> None:
        exif = Image.Exif()
        exif[0x0112] = 6
        lying = np.arange(20, dtype=np.uint8).reshape(5, 4)
        Image.fromarray(lying).save(folder / "cat/1.png", exif=exif)
        frames = [Image.new("L", (5, 4), level) for level in (1, 2, 3)]
        frames[0].save(folder / "dog/3.gif", save_all=True, append_images=frames[1:])
        (folder / "dog/deeper").mkdir()
        (folder / "empty").mkdir()
        images, counts = read_images(folder, "grey")
        np.testing.assert_array_equal(images.pixels[0], np.rot90(lying, -1))
        assert counts == {
            "files of other kinds left out": 1,
            "deeper folders left out": 1,
            "folders without images": 1,
            "images turned as EXIF says": 1,
            "frames after the first left out": 2,
        }

    def test_images_that_are_too_much_together_are_not_unpacked(self, folder: Path) -> None:
        for path in folder.glob("*/*"):
            path.unlink()
        Image.new("1", (9000, 9000)).save(folder / "cat/0.png")
        for number in range(1, 20):
            (folder / f"cat/{number}.png").write_bytes((folder / "cat/0.png").read_bytes())
        with pytest.raises(ValueError, match=r"cat/0.png: .*at most 1,073,741,824 values, got 20 "):
            self.read(folder)

    def test_images_beside_subfolders(self, folder: Path) -> None:
        Image.new("L", (5, 4)).save(folder / "stray.png")
        with pytest.raises(ValueError, match=r"all images in subfolders, one a class, or none"):
            self.read(folder)

    def test_no_images(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match=r"expected images .*found none"):
            self.read(tmp_path)


class TestOwnSteps:
    def written(
        self, where: Path, settings: dict[str, Any], **files: Any
    ) -> tuple[Dataset, dict[str, Any]]:
        paths = {part: str(path) for part, path in files.items()}
        settings = {"kind": "files", "citation": "us"} | settings | paths
        return prepared(where, settings, {}, **files)

    def test_idx_files(self, tmp_path: Path) -> None:
        images = write(tmp_path / "images", idx(np.arange(40).reshape(10, 2, 2)))
        labels = write(tmp_path / "labels", idx(np.arange(10) % 2))
        fifth = {"format": "idx", "test_fraction": 0.2}
        data, card = self.written(tmp_path, fifth, train_images=images, train_labels=labels)
        assert np.bincount(data.y_test).tolist() == [1, 1]
        assert card["source"] == "own files: images, labels"
        assert (card["licence"], card["citation"]) == ("not stated", "us")
        assert card["split"] == "0.2 of each class held out, drawn at random"
        data, card = self.written(
            tmp_path, {"format": "idx"}, train_images=images, test_images=images
        )
        assert (len(data.x_test), card["split"]) == (10, "as the files have it")
        with pytest.raises(ValueError, match="images: expected a label for each of 10"):
            short = write(tmp_path / "short", idx(np.arange(9)))
            self.written(tmp_path, fifth, train_images=images, train_labels=short)

    def test_npz_file(self, tmp_path: Path) -> None:
        np.savez(tmp_path / "a.npz", x=np.zeros((10, 2, 2)))
        settings = {"format": "npz", "test_fraction": 0.2}
        data, card = self.written(tmp_path, settings, path=tmp_path / "a.npz")
        assert len(data.x_train) == card["n_train"] == 8

    def test_folder_of_images(self, tmp_path: Path) -> None:
        folder = tmp_path / "photos"
        folder.mkdir()
        for number in range(4):
            Image.new("L", (5, 4), number).save(folder / f"{number}.png")
        settings = {"format": "images", "colour": "grey", "test_fraction": 0.25}
        data, card = self.written(tmp_path, settings, path=folder)
        assert len(data.x_train) == 3
        assert card["source"] == "own files: photos"


def test_a_replaced_file_is_another_whatever_its_date_and_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan, array = tmp_path / "scans/a/1.pgm", tmp_path / "images.idx"
    scan.parent.mkdir(parents=True)
    settings = [
        {"kind": "files", "format": "images", "path": str(tmp_path / "scans")},
        {"kind": "files", "format": "idx", "train_images": str(array)},
    ]
    monkeypatch.chdir(tmp_path)
    known = []
    for level, date in ((1, 9), (2, 9), (2, 8)):
        for path in (scan, array):
            path.write_bytes(b"P5\n9999 1\n255\n" + bytes(4999) + bytes([level]) + bytes(4999))
            os.utime(path, (date, date))
        known.append([fingerprint(each) for each in settings])
    assert len({digest for digests in known for digest in digests}) == 4
    assert known[-1] == known[-2]
    Path(".snakemake/contents.json").write_text("damaged")
    contents._known.cache_clear()
    assert known[-1] == [fingerprint(each) for each in settings]
    contents._known.cache_clear()
    monkeypatch.setattr(contents, "_read", None)  # nothing that is known is read again
    assert known[-1] == [fingerprint(each) for each in settings]
    assert fingerprint({"kind": "digits"}) is None


def test_data_of_ones_own_are_entries_of_a_configuration(tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project")
    for number in range(4):
        path = project.root / f"scans/{number % 2}/{{{number}}}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (5, 4), number).save(path)
    np.savez(project.root / "arrays.npz", x_train=np.zeros((3, 2, 2)), x_test=np.ones((2, 2, 2)))
    write(project.root / "images.idx", idx(np.zeros((6, 2, 2))))
    entries: dict[str, dict[str, Any]] = {
        "scans": {"format": "images", "path": "scans/", "colour": "grey", "test_fraction": 0.5},
        "arrays": {"format": "npz", "path": "arrays.npz", "licence": "CC0"},
        "letters": {"format": "idx", "train_images": "images.idx", "test_fraction": 0.5},
    }
    datasets = {name: {"kind": "files", **entry} for name, entry in entries.items()}
    (project.root / "my.yaml").write_text(yaml.safe_dump({"datasets": datasets}))
    cards = [f"results/datasets/{name}.json" for name in datasets]
    (project.root / "scans/notes.txt").touch()
    printed = project.snakemake(*cards, config="my.yaml")
    assert "scans: 1 files of other kinds left out\n" in printed
    read = [read_json(project.root / card) for card in cards]
    assert [(card["n_train"], card["n_test"]) for card in read] == [(2, 2), (3, 2), (3, 3)]
    assert [card["licence"] for card in read] == ["not stated", "CC0", "not stated"]
    Image.new("L", (5, 4), 9).save(project.root / "scans/0/{0}.png")
    os.utime(project.root / "scans/0/{0}.png", (0, 0))
    planned = project.snakemake("--dry-run", *cards, config="my.yaml")
    assert "prepare_dataset: results/datasets/scans.npz" in planned
    assert "arrays.npz" not in planned
    (project.root / "scans/1/{3}.png").write_bytes(b"<html>")
    project.snakemake(*cards, config="my.yaml", status=1)
    log = (project.root / "results/logs/datasets/scans.log").read_text()
    assert log.splitlines()[-1].startswith("prepare_dataset: scans/1/{3}.png: cannot be read as")
