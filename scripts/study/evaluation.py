"""What a trained model is judged by, beside its ELBO."""

import numpy as np


def active_units(posterior_mean: np.ndarray, threshold: float = 0.01) -> int:
    """Number of latent units whose posterior mean varies over the data.

    A unit counts if the variance of its posterior mean exceeds the threshold (Burda, Grosse &
    Salakhutdinov 2016, Sec. 5.1).

    Parameters
    ----------
    posterior_mean
        n x latent dimension.
    threshold
        Variance above which a unit is active.
    """
    return int(np.sum(np.var(posterior_mean, axis=0) > threshold))


def latent_separation(
    train: np.ndarray, train_labels: np.ndarray, test: np.ndarray, test_labels: np.ndarray
) -> tuple[float, float]:
    """How well classes part in the latent space.

    Parameters
    ----------
    train, test
        Posterior means, n x latent dimension.
    train_labels, test_labels
        (n,) classes.

    Returns
    -------
    tuple of float
        Mean silhouette of the test items (-1 to 1), and the accuracy on them of a
        5-nearest-neighbour classifier fitted to the training items.
    """
    from sklearn.metrics import silhouette_score
    from sklearn.neighbors import KNeighborsClassifier

    classifier = KNeighborsClassifier(min(5, len(train))).fit(train, train_labels)
    return (
        float(silhouette_score(test, test_labels)),
        float(classifier.score(test, test_labels)),
    )


def mean_squared_error(x: np.ndarray, reconstruction: np.ndarray) -> float:
    """Squared error per pixel, for pixels in [0, 1]; both n x d."""
    return float(np.mean((x - reconstruction) ** 2))


def explained_variance(x: np.ndarray, reconstruction: np.ndarray, mean: np.ndarray) -> float:
    """Share of the variance around the training images' mean that reconstructions have.

    One less the squared error over that of the mean; of items of any size, 1 for the items
    themselves, 0 for the mean in their place, and below 0 for what is worse. NaN if all are alike.

    Parameters
    ----------
    x, reconstruction
        n x d, in [0, 1].
    mean
        (d,), of the items trained on.
    """
    whole = mean_squared_error(x, mean)
    return 1 - mean_squared_error(x, reconstruction) / whole if whole else float("nan")


def sharpness(x: np.ndarray, reconstruction: np.ndarray, image_shape: tuple[int, ...]) -> float:
    """Contrast of reconstructions between neighbouring pixels, over that of the images.

    Contrast is the mean absolute difference from the next pixel to the right and below: 1 for the
    images themselves, less for blurred ones, 0 for even ones. NaN if all images are even.

    Parameters
    ----------
    x, reconstruction
        n x d.
    image_shape
        Height, width and, in colour, channels; the product is d.
    """

    def contrast(images: np.ndarray) -> float:
        pixels = images.reshape(len(images), *image_shape)
        steps = (np.abs(np.diff(pixels, axis=axis)).sum() for axis in (1, 2))
        return float(sum(steps))

    whole = contrast(x)
    return contrast(reconstruction) / whole if whole else float("nan")
