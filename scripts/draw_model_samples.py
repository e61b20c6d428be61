"""Draw images from the VAE, the RBM and the DBN, and find the training images nearest to some."""

from pathlib import Path

import numpy as np

from step import run
from study.binarised import binarised
from study.dataset import load_dataset
from study.neighbours import nearest_training_images
from study.pixels import grey_levels
from study.results import classes_in_turn
from vae.boltzmann.estimators import load_machine
from vae.boltzmann.gibbs import gibbs_samples
from vae.model import load_model
from vae.seeding import generator

SAMPLES, NEIGHBOURS = 36, 6
"""Images of each model, and how many of them are set beside a training image."""


def draw_model_samples(
    dataset: Path,
    vae: Path,
    rbm: Path,
    dbn: Path,
    samples: Path,
    name: str,
    gibbs_steps: int,
    root_seed: int,
) -> None:
    """Write samples of all three models, as the means of their pixels.

    Parameters
    ----------
    dataset
        npz of `study.dataset`.
    vae, rbm, dbn
        The models, trained on black and white images of it.
    samples
        npz: image_shape; test, `SAMPLES` test images; vae, rbm and dbn, as many samples each;
        vae_neighbours, rbm_neighbours and dbn_neighbours, the training image nearest to each of
        the first `NEIGHBOURS` samples. All images are n x d uint8.
    name
        The dataset's.
    gibbs_steps
        Steps of the machines' chains, which start from noise.
    root_seed
        The study's.
    """
    data = binarised(load_dataset(dataset), root_seed, name)
    random = generator(root_seed, "samples", name)
    drawn = {
        "vae": load_model(vae).sample(SAMPLES, random),
        "rbm": gibbs_samples(load_machine(rbm), SAMPLES, gibbs_steps, random),
        "dbn": gibbs_samples(load_machine(dbn), SAMPLES, gibbs_steps, random),
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
