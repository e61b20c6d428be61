"""Hold samples of the compared models against held-out images, by a two-sample test."""

from pathlib import Path
from typing import Any

from step import run
from study.contracts import TWO_SAMPLES
from study.dataset import as_pixels, load_dataset
from study.models import MODELS
from study.neighbours import two_sample_accuracy
from study.run_data import binarised
from vae.seeding import generator

SAMPLES = 500
"""Images of each kind, or as many as are held out."""

CONTROL = "training images"
"""In place of a model: what accuracy there is between images of the same kind."""


def compare_samples(
    dataset: Path,
    models: list[Path],
    table: Path,
    name: str,
    families: list[str],
    seeds: list[int],
    gibbs_steps: int,
    root_seed: int,
) -> None:
    """Write how well samples, black and white, can be told from held-out images.

    Parameters
    ----------
    dataset
        npz of `study.dataset`.
    models
        Trained on its black and white images.
    table
        csv of the form `study.contracts.TWO_SAMPLES`.
    name
        The dataset's.
    families
        Names in `study.models`, in the order of the models.
    seeds
        Those of their trainings.
    gibbs_steps
        Steps of the Boltzmann machines' chains, which start from noise.
    root_seed
        The study's.
    """
    data = binarised(load_dataset(dataset), root_seed, name)
    count = min(SAMPLES, len(data.x_test), len(data.x_train))
    held_out = as_pixels(data.x_test[:count])
    kinds: dict[tuple[str, int], Any] = {(CONTROL, 0): as_pixels(data.x_train[:count])}
    for family, path, seed in zip(families, models, seeds, strict=True):
        random = generator(root_seed, "two samples", name, family, seed)
        means = MODELS[family].load(path).draw(count, gibbs_steps, random)
        kinds[family, seed] = random.random(means.shape) < means
    TWO_SAMPLES.write(
        table,
        (
            {
                "dataset": name,
                "model": model,
                "seed": seed,
                "metric": "two_sample_accuracy",
                "value": two_sample_accuracy(held_out, images),
                "items": 2 * count,
                "unit": "1",
            }
            for (model, seed), images in kinds.items()
        ),
    )


if __name__ == "__main__":
    run(compare_samples, globals())
