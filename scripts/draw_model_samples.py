"""Draw images from the compared models, and find the training images nearest to some."""

from pathlib import Path

import numpy as np

from step import run
from study.dataset import load_dataset
from study.models import MODELS
from study.neighbours import nearest_training_images
from study.pixels import grey_levels
from study.results import classes_in_turn
from study.run_data import binarised
from vae.seeding import generator

SAMPLES, NEIGHBOURS = 36, 6
"""Images of each model, and how many of them are set beside a training image."""


def draw_model_samples(
    dataset: Path,
    models: list[Path],
    samples: Path,
    name: str,
    families: list[str],
    gibbs_steps: int,
    root_seed: int,
) -> None:
    """Write samples of every model, as the means of their pixels.

    Parameters
    ----------
    dataset
        npz of `study.dataset`.
    models
        One of each family, trained on its images.
    samples
        npz: image_shape; test, `SAMPLES` black and white test images; by the names of the families,
        as many samples each; under the same names with _neighbours, the training image nearest to
        each of the first `NEIGHBOURS` samples. All images are n x d uint8.
    name
        The dataset's.
    families
        Names in `study.models`, in the order of the models.
    gibbs_steps
        Steps of the Boltzmann machines' chains, which start from noise.
    root_seed
        The study's.
    """
    data = binarised(load_dataset(dataset), root_seed, name)
    random = generator(root_seed, "samples", name)
    drawn = {
        family: MODELS[family].load(path).draw(SAMPLES, gibbs_steps, random)
        for family, path in zip(families, models, strict=True)
    }
    nearest = {
        f"{model}_neighbours": nearest_training_images(
            images[:NEIGHBOURS].astype(np.float32), data.x_train
        ).images[:, 0]
        for model, images in drawn.items()
    }
    np.savez_compressed(
        samples,
        allow_pickle=False,
        image_shape=data.image_shape,
        test=data.x_test[classes_in_turn(data.y_test, SAMPLES)],
        **{model: grey_levels(images) for model, images in drawn.items()},
        **nearest,
    )


if __name__ == "__main__":
    run(draw_model_samples, globals())
