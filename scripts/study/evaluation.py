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
