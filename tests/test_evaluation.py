"""Evaluations on latent spaces whose properties are known."""

import numpy as np
import pytest

from study.evaluation import (
    active_units,
    explained_variance,
    latent_separation,
    mean_squared_error,
    sharpness,
)
from study.latent_plane import latent_grid


def test_a_unit_is_active_if_its_mean_varies():
    generator = np.random.default_rng(0)
    z = np.column_stack([generator.normal(0, scale, 500) for scale in (1, 0.2, 0.05, 0)])
    assert active_units(z) == 2


def test_separation_tells_parted_classes_from_mixed_ones():
    generator = np.random.default_rng(0)
    labels = np.repeat([0, 1], 100)
    mixed = generator.normal(0, 1, (200, 2))
    parted = mixed + 20 * labels[:, None]
    silhouette, accuracy = latent_separation(parted, labels, parted, labels)
    assert silhouette > 0.9 and accuracy == 1
    silhouette, accuracy = latent_separation(mixed[::2], labels[::2], mixed[1::2], labels[1::2])
    assert abs(silhouette) < 0.1 and 0.35 < accuracy < 0.65


def test_squared_error_is_per_pixel():
    assert mean_squared_error(np.zeros((2, 4)), np.full((2, 4), 0.5)) == 0.25


def test_the_latent_grid_runs_from_top_left_to_bottom_right():
    grid = latent_grid(side=3, reach=3)
    expected = [[-3, 3], [0, 3], [3, 3], [-3, 0], [0, 0], [3, 0], [-3, -3], [0, -3], [3, -3]]
    assert grid == pytest.approx(np.array(expected))


def test_explained_variance_is_1_of_the_items_0_of_the_mean_and_falls_with_noise() -> None:
    random = np.random.default_rng(3)
    train, x = random.random((500, 6)), random.random((400, 6))
    mean = train.mean(axis=0)
    assert explained_variance(x, x, mean) == 1
    assert explained_variance(x, np.broadcast_to(mean, x.shape), mean) == 0
    half = explained_variance(x, (x + mean) / 2, mean)
    assert half == pytest.approx(0.75)
    assert explained_variance(x, 1 - x, mean) < 0
    assert np.isnan(explained_variance(np.full((3, 6), 0.5), x[:3], np.full(6, 0.5)))


@pytest.mark.parametrize("shape", [(9, 7), (9, 7, 3)])
def test_sharpness_is_1_of_the_images_falls_with_blur_and_is_0_of_even_ones(shape) -> None:
    random = np.random.default_rng(4)
    images = random.random((20, *shape))
    x = images.reshape(20, -1)
    assert sharpness(x, x, shape) == 1
    assert sharpness(x, np.full_like(x, 0.3), shape) == 0
    assert sharpness(x, 0.5 * x + 0.2, shape) == pytest.approx(0.5)
    once = (images + np.roll(images, 1, axis=1)) / 2
    twice = (once + np.roll(once, 1, axis=2)) / 2
    blurred = [sharpness(x, each.reshape(20, -1), shape) for each in (once, twice)]
    assert 1 > blurred[0] > blurred[1] > 0
    assert np.isnan(sharpness(np.zeros_like(x), x, shape))
