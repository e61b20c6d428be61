"""What the page's explorer of the latent plane is given."""

import base64
from pathlib import Path

import fabricated
import numpy as np
import pytest

from study.plane_explorer import explorer
from vae.architecture import Architecture
from vae.model import Model


def unpacked(packed: dict) -> np.ndarray:
    return packed["scale"] * np.frombuffer(base64.b64decode(packed["values"]), "<i2")


def saved(folder: Path, likelihood: str = "bernoulli") -> tuple[Model, Path]:
    architecture = Architecture(
        input_dimension=16,
        latent_dimension=2,
        encoder_sizes=(7, 5),
        encoder_activation="relu",
        decoder_sizes=(5, 7),
        decoder_activation="tanh",
        likelihood=likelihood,
    )
    parameters = np.random.default_rng(1).standard_normal(architecture.parameter_count)
    model = Model(architecture, parameters.astype(np.float32))
    model.save(folder / "model.npz")
    return model, folder / "model.npz"


def test_the_decoder_in_16_bits_is_the_decoder(tmp_path: Path):
    run = fabricated.run_arrays(tmp_path / "run.npz")
    model, file = saved(tmp_path)
    given = explorer(run, run, file)
    assert "grid" not in given and given["classes"] == ["0", "1", "2"]
    z = np.random.default_rng(2).uniform(-3, 3, (50, 2))
    values = z
    for layer, size in zip(given["layers"], (5, 7, 16), strict=True):
        values = values @ unpacked(layer["weights"]).reshape(-1, size) + unpacked(layer["bias"])
        values = np.tanh(values) if layer["activation"] == "tanh" else 1 / (1 + np.exp(-values))
    assert abs(values - model.decode(z.astype(np.float32))).max() < 1 / 255


@pytest.mark.parametrize("kept", [False, True])
def test_without_a_decoder_that_a_page_can_compute_there_is_the_grid(tmp_path: Path, kept: bool):
    run = fabricated.run_arrays(tmp_path / "run.npz")
    given = explorer(run, run, saved(tmp_path, "gaussian")[1] if kept else None)
    grid = np.frombuffer(base64.b64decode(given["grid"]), np.uint8)
    np.testing.assert_array_equal(grid, np.load(run)["manifold"].ravel())
    assert "layers" not in given
