"""What the page's explorer of the latent plane needs: the decoder or images, and the codes."""

import base64
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from study.arrays import read_arrays
from study.latent_plane import REACH, SIDE
from vae.model import load_model

POINTS = 1000
"""Codes of test images that are shown, at most."""


def explorer(images: Path, codes: Path, model: Path | None = None) -> dict[str, Any]:
    """Put a run with two latent dimensions into plain values.

    Parameters
    ----------
    images, codes
        Of the run.
    model
        Its model, if it was kept.

    Returns
    -------
    dict
        `shape` of an image; `reach` and `side` of the grid; `points`, each z_1, z_2 and the place
        of its class in `classes`; and either `layers` of the decoder, its weights in 16 bits, or
        the `grid` that Figure 6.4 shows, bytes in base64, row by row from the highest z_2.
    """
    shown = read_arrays(images, "manifold", "image_shape")
    latent = read_arrays(codes, "posterior_mean_test", "labels_test", "label_names")
    points = np.column_stack([latent["posterior_mean_test"], latent["labels_test"]])[:POINTS]
    layers = _decoder(model) if model else []
    return {
        "shape": shown["image_shape"].tolist(),
        "reach": REACH,
        "side": SIDE,
        "points": np.round(points, 2).tolist(),
        "classes": latent["label_names"].tolist(),
    } | ({"layers": layers} if layers else {"grid": _base64(shown["manifold"])})


def _decoder(file: Path) -> list[dict[str, Any]]:
    """Layers from z to the logits of the pixels; none of a decoder that the page cannot compute."""
    model = load_model(file)
    architecture = model.architecture
    if architecture.convolutional or architecture.likelihood != "bernoulli":
        return []
    decoder = architecture.views(model.parameters)[len(architecture.encoder) :]
    hidden = [architecture.decoder_activation] * len(architecture.decoder_sizes)
    return [
        {"activation": activation, "weights": _packed(weights), "bias": _packed(bias)}
        for activation, (weights, bias) in zip([*hidden, "sigmoid"], decoder, strict=True)
    ]


def _packed(values: NDArray[np.floating]) -> dict[str, Any]:
    scale = float(np.abs(values).max()) / 32767 or 1.0
    return {"scale": scale, "values": _base64(np.rint(values / scale).astype("<i2"))}


def _base64(values: NDArray[Any]) -> str:
    return base64.b64encode(values.tobytes()).decode()
