"""Density models of binary images without latent codes: the lower end of the likelihood scale."""

import warnings
from collections.abc import Iterator
from numbers import Integral, Real
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, DensityMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils._param_validation import Interval, validate_params
from sklearn.utils.validation import check_is_fitted, validate_data

from vae.binarisation import as_binary, binarise

_ROWS = 1000
"""Most images that are floats at a time, so that memory does not grow with the data."""

_MINIMUM_SMOOTHING = 1e-6
"""Below it, the probability of a pixel that is always on could round to 1."""

_RANDOM_STATE = [Interval(Integral, 0, None, closed="left"), np.random.Generator, None]


class _Rows(NamedTuple):
    """Some images, and what the model makes of them."""

    pixels: NDArray[np.float32]
    log_likelihoods: NDArray[np.float64]
    responsibilities: NDArray[np.float64]


class _PixelModel(DensityMixin, BaseEstimator):
    """What follows from the weights and probabilities of k components with independent pixels."""

    weights_: NDArray[np.float64]
    probabilities_: NDArray[np.float64]

    def score_samples(self, X: Any) -> NDArray[np.float64]:
        """Log-likelihood of every image (n x d, binary), nats; (n,)."""
        return np.concatenate([rows.log_likelihoods for rows in self._evaluate(self._validated(X))])

    def score(self, X: Any, y: Any = None) -> float:
        """Mean log-likelihood of the images, nats per image."""
        return float(self.score_samples(X).mean())

    @validate_params(
        {"n_samples": [Interval(Integral, 1, None, closed="left")], "random_state": _RANDOM_STATE},
        prefer_skip_nested_validation=True,
    )
    def sample(
        self, n_samples: int = 1, random_state: int | np.random.Generator | None = None
    ) -> NDArray[np.uint8]:
        """Draw images; n_samples x d, 0 or 255."""
        check_is_fitted(self)
        generator = np.random.default_rng(random_state)
        components = generator.choice(len(self.weights_), n_samples, p=self.weights_)
        return binarise(self.probabilities_[components], generator)

    def _validated(self, X: Any) -> NDArray[np.bool_]:
        check_is_fitted(self)
        return as_binary(validate_data(self, X, reset=False))

    def _evaluate(self, x: NDArray[np.bool_]) -> Iterator[_Rows]:
        log_on, log_off = np.log(self.probabilities_), np.log1p(-self.probabilities_)
        logits = (log_on - log_off).T.astype(np.float32)
        black = np.log(self.weights_) + log_off.sum(axis=1)
        for start in range(0, len(x), _ROWS):
            pixels = x[start : start + _ROWS].astype(np.float32)
            log_joint = pixels @ logits + black
            largest = log_joint.max(axis=1, keepdims=True)
            joint = np.exp(log_joint - largest)
            total = joint.sum(axis=1, keepdims=True)
            yield _Rows(pixels, (largest + np.log(total))[:, 0], joint / total)

    def _estimate(self, images: NDArray[Any], on: NDArray[Any], smoothing: float) -> None:
        """Weights and probabilities from every component's images (k,) and lit pixels (k x d)."""
        images = images + 2 * smoothing
        self.weights_ = images / images.sum()
        self.probabilities_ = (on + smoothing) / images[:, np.newaxis]


class IndependentPixels(_PixelModel):
    """Independent Bernoulli pixels, each with the frequency at which it is on.

    Images are black and white: 0 and 1, or in uint8, of which 255 stands for 1, 0 and 255.

    Parameters
    ----------
    smoothing : float
        Laplace smoothing: imaginary images that are added, so many in which a pixel is on and as
        many in which it is off. At least 1e-6, so that no image is impossible.

    Attributes
    ----------
    weights_ : float64 array of shape (1,)
        1, the weight of the only component.
    probabilities_ : float64 array of shape (1, d)
        Of every pixel to be on.
    n_features_in_ : int
        Pixels, d.
    """

    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012 - scikit-learn's own idiom
        "smoothing": [Interval(Real, _MINIMUM_SMOOTHING, None, closed="left")],
    }

    def __init__(self, smoothing: float = 1.0) -> None:
        self.smoothing = smoothing

    def fit(self, X: Any, y: Any = None) -> Self:
        """Count how often each pixel is on.

        Parameters
        ----------
        X
            n x d, binary.
        y
            Ignored.

        Raises
        ------
        ValueError
            If the smoothing is too small or a pixel is grey.
        """
        self._validate_params()
        x = as_binary(validate_data(self, X))
        self._estimate(np.array([len(x)]), x.sum(axis=0)[np.newaxis], self.smoothing)
        return self


class BernoulliMixture(_PixelModel):
    """Mixture of components with independent Bernoulli pixels, fitted by EM (Bishop 2006, 9.3.3).

    Each component starts halfway between the frequencies of `IndependentPixels` and a training
    image of its own. Images are black and white: 0 and 1, or in uint8, of which 255 stands for 1,
    0 and 255. Products are computed in float32, all else in float64.

    Parameters
    ----------
    n_components : int
        Components, k.
    smoothing : float
        Laplace smoothing: imaginary images that every component is given, so many in which a pixel
        is on and as many in which it is off. At least 1e-6, so that no image is impossible.
    tol : float
        Iterations end when the objective rises by less, nats per image.
    max_iter : int
        Most iterations.
    random_state : int, numpy Generator or None
        Source of the components' first images; an int makes fits repeatable.

    Attributes
    ----------
    weights_ : float64 array of shape (k,)
        Of the components; they sum to 1.
    probabilities_ : float64 array of shape (k, d)
        Of every pixel to be on, in each component.
    history_ : list of float
        Objective at the start and after every iteration, nats per image: the log-likelihood of the
        training images and of the imaginary ones in their components, over the number of the
        former. But for rounding, it never falls.
    n_iter_ : int
        Iterations.
    converged_ : bool
        Whether the last one raised the objective by less than `tol`.
    n_features_in_ : int
        Pixels, d.
    """

    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012 - scikit-learn's own idiom
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "smoothing": [Interval(Real, _MINIMUM_SMOOTHING, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "random_state": _RANDOM_STATE,
    }

    def __init__(
        self,
        n_components: int = 10,
        *,
        smoothing: float = 1.0,
        tol: float = 1e-3,
        max_iter: int = 200,
        random_state: int | np.random.Generator | None = None,
    ) -> None:
        self.n_components = n_components
        self.smoothing = smoothing
        self.tol = tol
        self.max_iter = max_iter
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:
        """Run EM from new first components until it converges.

        Parameters
        ----------
        X
            n x d, binary; at least as many images as components.
        y
            Ignored.

        Raises
        ------
        ValueError
            If a parameter is not usable, a pixel is grey or there are fewer images than components.

        Warns
        -----
        sklearn.exceptions.ConvergenceWarning
            If `max_iter` iterations were not enough.
        """
        self._validate_params()
        x = as_binary(validate_data(self, X))
        if len(x) < self.n_components:
            raise ValueError(
                f"X: expected at least {self.n_components} images, one a component, got {len(x)}"
            )
        self._start(x, np.random.default_rng(self.random_state))
        objective, images, on = self._expectation(x)
        self.history_, self.n_iter_, self.converged_ = [objective], 0, False
        while not self.converged_ and self.n_iter_ < self.max_iter:
            self._estimate(images, on, self.smoothing)
            objective, images, on = self._expectation(x)
            self.converged_ = objective - self.history_[-1] < self.tol
            self.history_.append(objective)
            self.n_iter_ += 1
        if not self.converged_:
            warnings.warn(
                f"the objective still rises by {self.history_[-1] - self.history_[-2]:.2g} nats "
                f"per image after {self.max_iter} iterations, not by less than {self.tol:g}",
                ConvergenceWarning,
                stacklevel=2,
            )
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Responsibility of every component for every image (n x d, binary); n x k."""
        return np.concatenate(
            [rows.responsibilities for rows in self._evaluate(self._validated(X))]
        )

    def _start(self, x: NDArray[np.bool_], generator: np.random.Generator) -> None:
        k = self.n_components
        first = x[generator.choice(len(x), k, replace=False)]
        frequencies = IndependentPixels(self.smoothing).fit(x).probabilities_
        self.weights_ = np.full(k, 1 / k)
        self.probabilities_ = (frequencies + first) / 2

    def _expectation(
        self, x: NDArray[np.bool_]
    ) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
        """Objective, and every component's expected images (k,) and lit pixels (k x d)."""
        images, on = np.zeros(len(self.weights_)), np.zeros(self.probabilities_.shape)
        log_likelihood = self._imaginary_log_likelihood()
        for rows in self._evaluate(x):
            log_likelihood += rows.log_likelihoods.sum()
            images += rows.responsibilities.sum(axis=0)
            on += rows.responsibilities.T.astype(np.float32) @ rows.pixels
        # Sums in float32 may exceed those in float64, and a probability exceed 1.
        return float(log_likelihood / len(x)), images, np.minimum(on, images[:, np.newaxis])

    def _imaginary_log_likelihood(self) -> float:
        pixels = np.log(self.probabilities_) + np.log1p(-self.probabilities_)
        return float(self.smoothing * (2 * np.log(self.weights_).sum() + pixels.sum()))
