"""Nearest training images against all distances, one by one."""

import numpy as np
import pytest

from study.neighbours import nearest_training_images, two_sample_accuracy


@pytest.fixture
def train() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (200, 12), dtype=np.uint8)


@pytest.mark.parametrize("n", [1, 5, 200])
def test_neighbours_are_those_of_all_distances(train, n):
    samples = np.random.default_rng(1).random((30, 12), np.float32)
    found = nearest_training_images(samples, train, n)
    distances = np.array([np.linalg.norm(train / 255 - sample, axis=1) for sample in samples])
    order = np.argsort(distances, axis=1)[:, :n]
    np.testing.assert_array_equal(found.indices, order)
    np.testing.assert_allclose(
        found.distances, np.take_along_axis(distances, order, axis=1), rtol=1e-4
    )
    np.testing.assert_array_equal(found.images, train[order])
    assert found.images.dtype == train.dtype


def test_a_recited_image_is_found_at_no_distance(train):
    found = nearest_training_images(train[[7, 3]], train)
    np.testing.assert_array_equal(found.indices, [[7], [3]])
    np.testing.assert_allclose(found.distances, 0, atol=1e-3)


def test_bytes_and_floats_are_the_same_images(train):
    samples = train[:10] // 2
    expected = nearest_training_images(samples, train, 3)
    found = nearest_training_images(
        samples.astype(np.float32) / np.float32(255), train.astype(np.float32) / np.float32(255), 3
    )
    np.testing.assert_array_equal(found.indices, expected.indices)
    np.testing.assert_allclose(found.distances, expected.distances, rtol=1e-6)


def test_unusable_input_is_named(train):
    with pytest.raises(ValueError, match=r"as many pixels .*, \(200, 12\), got \(5, 11\)"):
        nearest_training_images(train[:5, 1:], train)
    with pytest.raises(ValueError, match=r"got \(12,\)"):
        nearest_training_images(train[0], train)
    for n in (0, 201):
        with pytest.raises(ValueError, match=f"n: expected 1 to 200, .* got {n}"):
            nearest_training_images(train, train, n)


def test_two_samples_are_told_apart_by_half_if_alike_and_wholly_if_not() -> None:
    random = np.random.default_rng(5)
    a, b = random.random((2, 400, 5))
    assert two_sample_accuracy(a, b) == pytest.approx(0.5, abs=0.06)
    assert two_sample_accuracy(a, b + 9) == 1
    assert two_sample_accuracy(a, a + 1e-4) == 0, "what recites is nearest to what it recites"
    shifted = two_sample_accuracy(a, b + 0.3)
    assert 0.6 < shifted < 1
