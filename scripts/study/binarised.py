"""Black and white images drawn once from a dataset's grey ones."""

from dataclasses import replace

from study.dataset import Dataset
from vae.binarisation import binarise
from vae.seeding import generator


def binarised(dataset: Dataset, root_seed: int, name: str) -> Dataset:
    """Draw all images of a dataset once, each pixel white with its grey level as probability.

    The draw depends on the root seed and the dataset's name alone: it is the fixed binarisation
    that every model of a study is trained or tested on.

    Parameters
    ----------
    dataset
        Grey images.
    root_seed
        The study's.
    name
        The dataset's.

    Returns
    -------
    Dataset
        Its pixels uint8, 0 or 255; classes as they were.
    """
    train, test = generator(root_seed, "binarise", name).spawn(2)
    return replace(
        dataset, x_train=binarise(dataset.x_train, train), x_test=binarise(dataset.x_test, test)
    )
