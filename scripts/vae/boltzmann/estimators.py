"""Restricted Boltzmann machines and deep belief networks, on scikit-learn's BernoulliRBM.

They are the baselines of Sec. 6.3 of the report: the RBM of Smolensky (1986), and the network of
stacked RBMs of Hinton, Osindero & Teh (2006).
"""

import json
from collections.abc import Iterable, Sequence
from numbers import Integral, Real
from pathlib import Path
from typing import Any, NamedTuple, Self
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.neural_network import BernoulliRBM
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_array, check_is_fitted, validate_data
from tqdm import tqdm

from vae.boltzmann.layer import layer_of, log_odds, sample_units, visible_probabilities
from vae.objective import binary_cross_entropy

MONITORED = 200
"""Training rows on which the progress of a training is measured."""

_SLIDING_FACTOR = 0.01
"""Weight of a batch in the moving average of hidden activations (Melchior et al. 2016)."""


class LayerMeasurement(NamedTuple):
    """One measured value of a layer (1 next to the data) after an epoch (1, 2, ...)."""

    layer: int
    epoch: int
    metric: str
    value: float
    unit: str


class DBN(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Deep belief network, trained greedily layer by layer (Hinton, Osindero & Teh 2006).

    Each layer is an RBM trained by persistent contrastive divergence (Tieleman 2008), along the
    centred gradient (Melchior, Fischer & Wiskott 2016), from the visible biases that fit its mean
    input. It learns from binary states, drawn anew in every epoch from the activation
    probabilities of the layer below, or from the grey data: the chains that they are held against
    are binary too, and probabilities in place of states would have less noise than those. All that
    `transform` and `reconstruct` compute is mean field: units pass on their probabilities, and
    nothing is sampled.

    Parameters
    ----------
    hidden_sizes : sequence of int
        Hidden units of every layer, from the data upwards.
    epochs : int
        Passes over the data, for each layer.
    batch_size : int
        Rows a step, and persistent chains; the rows that fill no batch sit out an epoch.
    learning_rate : float
        Of the first epoch; falls linearly towards 0, without which the chains do not settle.
    random_state : int, RandomState instance or None
        Source of initial weights, order and samples; an int makes fits repeatable.
    verbose : bool
        Whether to show a progress bar on standard error.

    Attributes
    ----------
    layers_ : list of sklearn.neural_network.BernoulliRBM
        The trained RBMs, from the data upwards; float32.
    history_ : list of LayerMeasurement
        After every epoch of every layer, on at most 200 training rows, the layer's
        `reconstruction_error` of its own input, and the `pseudo_likelihood` of that input drawn as
        binary; both in nats per image.
    n_features_in_ : int
        Visible units.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> x = load_digits().data / 16
    >>> DBN(hidden_sizes=(50, 20), epochs=2, random_state=0).fit(x).transform(x).shape
    (1797, 20)
    """

    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012 - scikit-learn's own idiom
        "hidden_sizes": ["array-like"],
        "epochs": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "random_state": ["random_state"],
        "verbose": ["boolean"],
    }

    def __init__(
        self,
        hidden_sizes: Sequence[int] = (500, 500, 1000),
        *,
        epochs: int = 50,
        batch_size: int = 20,
        learning_rate: float = 0.2,
        random_state: int | np.random.RandomState | None = None,
        verbose: bool = False,
    ) -> None:
        self.hidden_sizes = hidden_sizes
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Any, y: Any = None) -> Self:
        """Train every layer from new initial weights.

        Parameters
        ----------
        X
            n x features, in [0, 1].
        y
            Ignored.

        Raises
        ------
        ValueError
            If a parameter or the data are not usable.
        """
        self._validate_params()
        sizes = self._checked_sizes()
        x = self._validated(X, reset=True)
        rng = check_random_state(self.random_state)
        self.layers_: list[BernoulliRBM] = []
        self.history_: list[LayerMeasurement] = []
        total = len(sizes) * self.epochs
        with tqdm(
            total=total,
            unit="epoch",
            miniters=max(1, total // 10),
            mininterval=0,
            maxinterval=float("inf"),
            disable=not self.verbose,
        ) as bar:
            for size in sizes:
                self.layers_.append(self._train_layer(x, size, rng, bar))
                x = self.layers_[-1].transform(x)
        return self

    def transform(self, X: Any) -> NDArray[np.float32]:
        """Activation probabilities of the top layer; n x its hidden units."""
        check_is_fitted(self, "layers_")
        return _up(self.layers_, self._validated(X))

    def inverse_transform(self, X: Any) -> NDArray[np.float32]:
        """Activation probabilities of the visible units, down through every layer.

        Parameters
        ----------
        X
            Of the top layer; n x its hidden units, in [0, 1].

        Returns
        -------
        float32 array of shape (n, features)
        """
        check_is_fitted(self, "layers_")
        hidden = check_array(X, dtype=np.float32)
        if hidden.shape[1] != self._n_features_out:
            raise ValueError(
                f"X has {hidden.shape[1]} columns, the top layer {self._n_features_out} units"
            )
        return _down(self.layers_, hidden)

    def reconstruct(self, X: Any) -> NDArray[np.float32]:
        """Up through every layer and down through every layer; n x features, float32."""
        return self.inverse_transform(self.transform(X))

    def save(self, path: str | Path) -> None:
        """Write weights, biases and settings as an npz file without pickles."""
        check_is_fitted(self, "layers_")
        settings = {
            "hidden_sizes": [int(size) for size in self.hidden_sizes],
            "epochs": int(self.epochs),
            "batch_size": int(self.batch_size),
            "learning_rate": float(self.learning_rate),
        }
        arrays = {"settings": np.array(json.dumps(settings))}
        for number, layer in enumerate(self.layers_, start=1):
            arrays[f"weights_{number}"] = layer.components_
            arrays[f"hidden_bias_{number}"] = layer.intercept_hidden_
            arrays[f"visible_bias_{number}"] = layer.intercept_visible_
        with open(path, "wb") as file:
            np.savez(file, allow_pickle=False, **arrays)

    @property
    def _n_features_out(self) -> int:
        return len(self.layers_[-1].intercept_hidden_)

    def _checked_sizes(self) -> list[int]:
        sizes = list(self.hidden_sizes)
        if not sizes or not all(isinstance(size, Integral) and size > 0 for size in sizes):
            raise ValueError(
                f"hidden_sizes: expected a whole number of at least 1 for each layer, got {sizes}"
            )
        return sizes

    def _validated(self, X: Any, reset: bool = False) -> NDArray[np.float32]:
        x = validate_data(self, X, reset=reset, dtype=np.float32)
        if x.min() < 0 or x.max() > 1:
            raise ValueError(
                f"X has values from {x.min():g} to {x.max():g}, but the units of a Boltzmann "
                "machine need [0, 1]: scale X"
            )
        return x

    def _train_layer(
        self, x: NDArray[np.float32], size: int, rng: np.random.RandomState, bar: tqdm
    ) -> BernoulliRBM:
        # A shorter batch would weigh less against the chains, whose number is fixed.
        batch_size = min(self.batch_size, len(x))
        # A fixed seed lets score_samples flip the same units every epoch, so that epochs compare.
        seed = rng.randint(2**31 - 1)
        layer = BernoulliRBM(size, batch_size=batch_size, n_iter=0, random_state=seed).fit(x)
        layer.intercept_visible_ = log_odds(x).astype(np.float32)
        visible_mean = x.mean(axis=0, dtype=np.float64).astype(np.float32)
        hidden_mean = np.full(size, 0.5, np.float32)
        monitored = x[rng.permutation(len(x))[:MONITORED]]
        binary = sample_units(monitored, rng)
        for epoch in range(1, self.epochs + 1):
            layer.learning_rate = self.learning_rate * (1 - (epoch - 1) / self.epochs)
            order = rng.permutation(len(x))[: len(x) - len(x) % batch_size]
            for rows in order.reshape(-1, batch_size):
                _centred_step(layer, sample_units(x[rows], rng), visible_mean, hidden_mean, rng)
            error = binary_cross_entropy(monitored, reconstruct_through([layer], monitored)).mean()
            for metric, value in (
                ("reconstruction_error", error),
                ("pseudo_likelihood", layer.score_samples(binary).mean()),
            ):
                self.history_.append(
                    LayerMeasurement(
                        len(self.layers_) + 1, epoch, metric, float(value), "nats/image"
                    )
                )
            bar.set_postfix_str(f"layer {len(self.layers_) + 1}, error {error:.2f}", refresh=False)
            bar.update()
        return layer

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags


class RBM(DBN):
    """Restricted Boltzmann machine: a deep belief network of one layer.

    Parameters
    ----------
    hidden_sizes : sequence of one int
        Hidden units.
    epochs, batch_size, learning_rate, random_state, verbose
        As of `DBN`.
    """

    def __init__(
        self,
        hidden_sizes: Sequence[int] = (500,),
        *,
        epochs: int = 50,
        batch_size: int = 20,
        learning_rate: float = 0.2,
        random_state: int | np.random.RandomState | None = None,
        verbose: bool = False,
    ) -> None:
        super().__init__(
            hidden_sizes,
            epochs=epochs,
            batch_size=batch_size,
            learning_rate=learning_rate,
            random_state=random_state,
            verbose=verbose,
        )

    def _checked_sizes(self) -> list[int]:
        sizes = super()._checked_sizes()
        if len(sizes) > 1:
            raise ValueError(f"hidden_sizes: expected one size, got {sizes}; more make a DBN")
        return sizes


def load_machine(path: str | Path) -> DBN:
    """Read the machine that `DBN.save` wrote; one layer makes it an `RBM`.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is not such a file, naming it.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            settings = json.loads(str(arrays["settings"]))
            machine = (RBM if len(settings["hidden_sizes"]) == 1 else DBN)(**settings)
            machine.layers_ = [
                layer_of(
                    arrays[f"weights_{number}"],
                    arrays[f"hidden_bias_{number}"],
                    arrays[f"visible_bias_{number}"],
                )
                for number in range(1, len(machine.hidden_sizes) + 1)
            ]
    except FileNotFoundError:
        raise
    except (KeyError, TypeError, ValueError, OSError, EOFError, BadZipFile) as error:
        raise ValueError(
            f"{path} is not a Boltzmann machine saved by this package: {error}"
        ) from error
    machine.n_features_in_ = len(machine.layers_[0].intercept_visible_)
    return machine


def reconstruct_through(layers: Sequence[BernoulliRBM], x: NDArray[Any]) -> NDArray[Any]:
    """Up and down through some layers, mean field; x may lie outside [0, 1].

    Parameters
    ----------
    layers
        From the data upwards.
    x
        n x visible units of the first.

    Returns
    -------
    array of x's shape and dtype
        In [0, 1].
    """
    return _down(layers, _up(layers, x))


def _centred_step(
    layer: BernoulliRBM,
    v: NDArray[np.float32],
    visible_mean: NDArray[np.float32],
    hidden_mean: NDArray[np.float32],
    rng: np.random.RandomState,
) -> None:
    """Take the layer's own step, turned into one along the centred gradient.

    With offsets m of the visible and l of the hidden units, the model is the same, but its
    parameters are those of the energy -(v - m) b' - (h - l) c' - (h - l) W (v - m), whose gradient
    is far better conditioned (Melchior, Fischer & Wiskott 2016). In terms of the plain changes dW,
    db and dc: W changes by dW - dc m' - l db', and b = b' - W' l and c = c' - W m follow, since b'
    and c' change by db and dc.

    Parameters
    ----------
    layer
        The RBM, changed in place.
    v
        Batch x visible units, binary.
    visible_mean
        m, of all data.
    hidden_mean
        l, a moving average of the batches' mean activations; changed in place. With the chains'
        activations in place of the data's, training may diverge (same source).
    rng
        Source of the chains' samples.
    """
    visible_bias, hidden_bias = layer.intercept_visible_.copy(), layer.intercept_hidden_.copy()
    to_visible, to_hidden = hidden_mean @ layer.components_, layer.components_ @ visible_mean
    # partial_fit takes this same step in float64, at twice the time.
    layer._fit(v, rng)
    visible_change = layer.intercept_visible_ - visible_bias
    hidden_change = layer.intercept_hidden_ - hidden_bias
    # Visible x hidden, since scikit-learn keeps the weights in Fortran order.
    correction = np.outer(visible_mean, hidden_change)
    correction += np.outer(visible_change, hidden_mean)
    layer.components_ -= correction.T
    layer.intercept_visible_ -= hidden_mean @ layer.components_ - to_visible
    layer.intercept_hidden_ -= layer.components_ @ visible_mean - to_hidden
    # The step has moved the hidden biases by the rate times data minus chains.
    activation = layer.h_samples_.mean(axis=0) + hidden_change / layer.learning_rate
    hidden_mean += _SLIDING_FACTOR * (activation - hidden_mean)


def _up(layers: Iterable[BernoulliRBM], x: NDArray[Any]) -> NDArray[Any]:
    for layer in layers:
        x = layer.transform(x)
    return x


def _down(layers: Sequence[BernoulliRBM], hidden: NDArray[Any]) -> NDArray[Any]:
    for layer in reversed(layers):
        hidden = visible_probabilities(layer, hidden)
    return hidden
