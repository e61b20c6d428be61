"""What a trained model is judged by, beside its ELBO."""

import numpy as np

from vae.model import Model


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


def latent_manifold(model: Model, side: int = 20, extent: float = 3.0) -> np.ndarray:
    """Decoder means on a square grid over a 2-D latent space, as in Figure 6.4.

    Parameters
    ----------
    model
        Of latent dimension 2.
    side, extent
        Grid points an axis, over [-extent, extent].

    Returns
    -------
    ndarray
        side^2 x d; row by row from the highest z_2, each from the lowest z_1.
    """
    axis = np.linspace(-extent, extent, side)
    first, second = np.meshgrid(axis, axis[::-1])
    return model.decode(np.column_stack([first.ravel(), second.ravel()]))
