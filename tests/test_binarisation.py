"""Binarisation: exact at the ends, right frequencies between them, and what is not binary."""

import numpy as np
import pytest

from vae.binarisation import as_binary, binarise

DTYPES = [np.uint8, np.float32, np.float64]


def levels(dtype) -> np.ndarray:
    """All 256 grey levels."""
    grey = np.arange(256, dtype=np.uint8)
    return grey if dtype == np.uint8 else grey.astype(dtype) / dtype(255)


@pytest.mark.parametrize("dtype", DTYPES)
def test_black_is_never_on_and_white_always(dtype):
    ends = np.repeat(levels(dtype)[[0, -1]], 100_000)
    drawn = binarise(ends, np.random.default_rng(0))
    np.testing.assert_array_equal(drawn, np.repeat(np.array([0, 255], np.uint8), 100_000))


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_grey_level_is_its_probability(dtype):
    draws = 40_000
    x = np.tile(levels(dtype), (draws, 1))
    frequency = (binarise(x, np.random.default_rng(1)) == 255).mean(axis=0)
    p = np.arange(256) / 255
    deviations = (frequency - p)[1:-1] / np.sqrt(p * (1 - p) / draws)[1:-1]
    assert np.abs(deviations).max() < 4.5
    assert np.mean(deviations**2) == pytest.approx(1, abs=0.3)


def test_probabilities_of_bytes_are_exact():
    """Over all the draws that a pixel can be compared with, p of 255 turn it on."""

    class EveryDraw:
        def integers(self, high, size, dtype):
            return np.broadcast_to(np.arange(high, dtype=dtype)[:, np.newaxis], size)

    x = np.broadcast_to(levels(np.uint8), (255, 256))
    np.testing.assert_array_equal((binarise(x, EveryDraw()) == 255).sum(axis=0), np.arange(256))


def test_pixels_are_independent():
    on = binarise(np.full((100_000, 2), 0.5), np.random.default_rng(2)) == 255
    both = (on[:, 0] & on[:, 1]).mean()
    assert both == pytest.approx(0.25, abs=4.5 * np.sqrt(0.25 * 0.75 / 100_000))


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_seed_fixes_the_images_and_the_next_call_draws_others(dtype):
    x = np.tile(levels(dtype), (10, 1))
    generator = np.random.default_rng(3)
    first, second = binarise(x, generator), binarise(x, generator)
    assert first.dtype == np.uint8
    assert first.shape == x.shape
    np.testing.assert_array_equal(binarise(x, np.random.default_rng(3)), first)
    assert (first != second).any()


def test_black_and_white_images_stay_as_they_are():
    x = np.random.default_rng(4).integers(0, 2, (50, 9)).astype(np.uint8) * 255
    np.testing.assert_array_equal(binarise(x, np.random.default_rng(5)), x)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.array([0.0, 1.5]), r"x: expected grey levels in \[0, 1\], got 0.0 to 1.5"),
        (np.array([-0.1, 1.0]), r"x: expected grey levels in \[0, 1\], got -0.1 to 1.0"),
        (np.array([np.nan, 1.0]), r"x: expected grey levels in \[0, 1\], got nan"),
        (np.array([0, 255]), "x: expected grey levels as uint8, float32 or float64, got int64"),
    ],
)
def test_what_is_no_grey_level_is_refused(x, message):
    with pytest.raises(ValueError, match=message):
        binarise(x, np.random.default_rng(0))


@pytest.mark.parametrize(
    "x",
    [
        np.array([[0, 255]], np.uint8),
        np.array([[0, 1]]),
        np.array([[0.0, 1.0]], np.float32),
        np.array([[False, True]]),
    ],
)
def test_binary_images_of_every_dtype_are_the_same(x):
    on = as_binary(x)
    assert on.dtype == bool
    np.testing.assert_array_equal(on, [[False, True]])


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.array([0, 1], np.uint8), "of 0 and 255 in uint8, got a pixel of 1: grey"),
        (np.array([0, 0.5], np.float32), "of 0 and 1 in float32, got a pixel of 0.5: grey"),
        (np.array([0, np.nan]), "of 0 and 1 in float64, got a pixel of nan: grey"),
        (np.array([0, 255]), "of 0 and 1 in int64, got a pixel of 255: grey"),
    ],
)
def test_a_grey_pixel_is_named(x, message):
    with pytest.raises(ValueError, match=message):
        as_binary(x)
