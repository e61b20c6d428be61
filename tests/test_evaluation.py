"""Evaluations on latent spaces whose properties are known."""

import numpy as np
import pytest

from study.evaluation import active_units, latent_separation, mean_squared_error
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
