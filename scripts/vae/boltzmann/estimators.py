"""Restricted Boltzmann machines and deep belief networks, as scikit-learn estimators.

They are the baselines of Sec. 6.3 of the report: the RBM of Smolensky (1986), and the network of
stacked RBMs of Hinton, Osindero & Teh (2006).
"""

import json
from collections.abc import Iterable, Sequence
from numbers import Integral, Real
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_array, check_is_fitted, validate_data
from tqdm import tqdm

from vae._progress import progress_bar
from vae._saved import save_arrays, saved_arrays
from vae.boltzmann.layer import Layer, log_odds, sample_units
from vae.history import LARGEST_LOSS, diverged
from vae.objective import binary_cross_entropy

MONITORED = 200
"""Training rows on which the progress of a training is measured."""

_DTYPES = (np.float64, np.float32)
"""Of data that are used as they are; others become the first."""

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
    layers_ : list of vae.boltzmann.layer.Layer
        The trained RBMs, from the data upwards; in the dtype of the data.
    history_ : list of LayerMeasurement
        After every epoch of every layer, on at most 200 training rows, the layer's
        `reconstruction_error` of its own input, and the `pseudo_likelihood` of that input drawn as
        binary; both in nats per image.
    n_features_in_ : int
        Visible units.

    Notes
    -----
    Values count as they are, whatever holds them: divide bytes by 255. Computation is in the dtype
    of X, float32 or float64, and in float64 for any other.

    Values outside [0, 1] are refused, as are those that scikit-learn's `check_estimator` has; it
    passes on data in [0, 1].

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
        vae.history.TrainingDiverged
            If weights, biases or what is measured by them are no longer finite.
        """
        self._validate_params()
        sizes = self._checked_sizes()
        x = self._validated(X, reset=True)
        rng = check_random_state(self.random_state)
        layers: list[Layer] = []
        history: list[LayerMeasurement] = []
        with progress_bar(len(sizes) * self.epochs, "epoch", shown=self.verbose) as bar:
            for number, size in enumerate(sizes, start=1):
                layer, measured = self._train_layer(number, x, size, rng, bar)
                layers.append(layer)
                history += measured
                x = layer.up(x)
        self.layers_, self.history_ = layers, history
        return self

    def transform(self, X: Any) -> NDArray[Any]:
        """Activation probabilities of the top layer; n x units, float64 if X or the model is."""
        check_is_fitted(self, "layers_")
        return _up(self.layers_, self._validated(X))

    def inverse_transform(self, X: Any) -> NDArray[Any]:
        """Activation probabilities of the visible units, down through every layer.

        Parameters
        ----------
        X
            Of the top layer; n x its hidden units, in [0, 1].

        Returns
        -------
        array of shape (n, features)
            Float64 if X or the model is, else float32.
        """
        check_is_fitted(self, "layers_")
        hidden = _in_unit_interval(check_array(X, dtype=_DTYPES, order="C"))
        if hidden.shape[1] != self._n_features_out:
            raise ValueError(
                f"X has {hidden.shape[1]} columns, the top layer {self._n_features_out} units"
            )
        return _down(self.layers_, hidden)

    def reconstruct(self, X: Any) -> NDArray[Any]:
        """Up through every layer and down through every layer; n x features."""
        return self.inverse_transform(self.transform(X))

    def save(self, path: str | Path) -> None:
        """Write weights, biases and settings as an npz file, whole or not at all."""
        check_is_fitted(self, "layers_")
        settings = {
            "hidden_sizes": [len(layer.hidden_bias) for layer in self.layers_],
            "epochs": int(self.epochs),
            "batch_size": int(self.batch_size),
            "learning_rate": float(self.learning_rate),
        }
        arrays = {"settings": np.array(json.dumps(settings))}
        for number, layer in enumerate(self.layers_, start=1):
            arrays[f"weights_{number}"] = layer.weights
            arrays[f"hidden_bias_{number}"] = layer.hidden_bias
            arrays[f"visible_bias_{number}"] = layer.visible_bias
        save_arrays(path, **arrays)

    @property
    def _n_features_out(self) -> int:
        return len(self.layers_[-1].hidden_bias)

    def _checked_sizes(self) -> list[int]:
        sizes = list(self.hidden_sizes)
        valid = (isinstance(size, Integral) and not isinstance(size, bool) for size in sizes)
        if not sizes or not all(valid) or min(sizes) < 1:
            raise ValueError(
                f"hidden_sizes: expected a whole number of at least 1 for each layer, got {sizes}"
            )
        return sizes

    def _validated(self, X: Any, reset: bool = False) -> NDArray[Any]:
        return _in_unit_interval(validate_data(self, X, reset=reset, dtype=_DTYPES, order="C"))

    @np.errstate(all="ignore")  # What is measured tells of numbers that are too large.
    def _train_layer(
        self, number: int, x: NDArray[Any], size: int, rng: np.random.RandomState, bar: tqdm
    ) -> tuple[Layer, list[LayerMeasurement]]:
        """Train layer `number` (from 1); the layer, and what was measured after every epoch."""
        # A shorter batch would weigh less against the chains, whose number is fixed.
        batch_size = min(self.batch_size, len(x))
        seed = rng.randint(2**31 - 1)
        layer = _initial_layer(x, size, np.random.RandomState(seed))
        visible_mean = x.mean(axis=0, dtype=np.float64).astype(x.dtype)
        hidden_mean = np.full(size, 0.5, x.dtype)
        chains = np.zeros((batch_size, size), x.dtype)
        history: list[LayerMeasurement] = []
        monitored = x[rng.permutation(len(x))[:MONITORED]]
        binary = sample_units(monitored, rng)
        for epoch in range(1, self.epochs + 1):
            rate = self.learning_rate * (1 - (epoch - 1) / self.epochs)
            order = rng.permutation(len(x))[: len(x) - len(x) % batch_size]
            for rows in order.reshape(-1, batch_size):
                v = sample_units(x[rows], rng)
                chains = _centred_step(layer, v, chains, visible_mean, hidden_mean, rate, rng)
            # The same units are flipped every epoch, so that epochs compare.
            values = _measured(layer, monitored, binary, np.random.RandomState(seed))
            if not sum(map(abs, values.values())) < LARGEST_LOSS:
                found = ", ".join(f"{metric} {value}" for metric, value in values.items())
                raise diverged(f"epoch {epoch} of layer {number}", self.learning_rate, found)
            history += [
                LayerMeasurement(number, epoch, metric, value, "nats/image")
                for metric, value in values.items()
            ]
            error = values["reconstruction_error"]
            bar.set_postfix_str(f"layer {number}, error {error:.2f}", refresh=False)
            bar.update()
        return layer, history

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
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


def load_boltzmann_machine(path: str | Path) -> DBN:
    """Read the machine that `DBN.save` wrote; one layer makes it an `RBM`.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is not such a file, naming it.
    """
    with saved_arrays(path, "a Boltzmann machine") as arrays:
        settings = json.loads(str(arrays["settings"]))
        loaded = (RBM if len(settings["hidden_sizes"]) == 1 else DBN)(**settings)
        loaded._validate_params()
        sizes = loaded._checked_sizes()
        loaded.layers_ = [
            Layer(
                arrays[f"weights_{number}"],
                arrays[f"hidden_bias_{number}"],
                arrays[f"visible_bias_{number}"],
            )
            for number in range(1, len(sizes) + 1)
        ]
        if [len(layer.hidden_bias) for layer in loaded.layers_] != sizes or any(
            above.weights.shape[1] != size
            for above, size in zip(loaded.layers_[1:], sizes, strict=False)
        ):
            raise ValueError(f"the layers are not of the hidden_sizes {sizes}")
    loaded.n_features_in_ = len(loaded.layers_[0].visible_bias)
    return loaded


def reconstruct_through(layers: Sequence[Layer], x: NDArray[Any]) -> NDArray[Any]:
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


def _initial_layer(x: NDArray[Any], size: int, rng: np.random.RandomState) -> Layer:
    """Layer of small weights whose visible biases fit the mean of its input."""
    # In the order in which a step computes their change.
    weights = np.asarray(rng.normal(0, 0.01, (size, x.shape[1])), x.dtype, order="F")
    return Layer(weights, np.zeros(size, x.dtype), log_odds(x).astype(x.dtype))


def _centred_step(
    layer: Layer,
    v: NDArray[Any],
    chains: NDArray[Any],
    visible_mean: NDArray[Any],
    hidden_mean: NDArray[Any],
    rate: float,
    rng: np.random.RandomState,
) -> NDArray[Any]:
    """Take a step of contrastive divergence, turned into one along the centred gradient.

    With offsets m of the visible and l of the hidden units, the model is the same, but its
    parameters are those of the energy -(v - m) b' - (h - l) c' - (h - l) W (v - m), whose gradient
    is far better conditioned (Melchior, Fischer & Wiskott 2016). In terms of the plain changes dW,
    db and dc: W changes by dW - dc m' - l db', and b = b' - W' l and c = c' - W m follow, since b'
    and c' change by db and dc.

    Parameters
    ----------
    layer
        Changed in place.
    v
        Batch x visible units, binary.
    chains
        Chains x hidden units, their states.
    visible_mean
        m, of all data.
    hidden_mean
        l, a moving average of the batches' mean activations; changed in place. With the chains'
        activations in place of the data's, training may diverge (same source).
    rate
        The learning rate.
    rng
        Source of the chains' samples.

    Returns
    -------
    array of chains' shape and dtype
        Their next states.
    """
    visible_bias, hidden_bias = layer.visible_bias.copy(), layer.hidden_bias.copy()
    to_visible, to_hidden = hidden_mean @ layer.weights, layer.weights @ visible_mean
    chains = _contrastive_step(layer, v, chains, rate, rng)
    visible_change = layer.visible_bias - visible_bias
    hidden_change = layer.hidden_bias - hidden_bias
    correction = np.outer(visible_mean, hidden_change)
    correction += np.outer(visible_change, hidden_mean)
    layer.weights -= correction.T
    layer.visible_bias -= hidden_mean @ layer.weights - to_visible
    layer.hidden_bias -= layer.weights @ visible_mean - to_hidden
    # The step has moved the hidden biases by the rate times data minus chains.
    activation = chains.mean(axis=0) + hidden_change / rate
    hidden_mean += _SLIDING_FACTOR * (activation - hidden_mean)
    return chains


def _contrastive_step(
    layer: Layer,
    v: NDArray[Any],
    chains: NDArray[Any],
    rate: float,
    rng: np.random.RandomState,
) -> NDArray[Any]:
    """Take a step of persistent contrastive divergence (Tieleman 2008); as `_centred_step`."""
    h = layer.up(v)
    v_chains = layer.draw_down(chains, rng)
    h_chains = layer.up(v_chains)
    scale = rate / len(v)
    change = (v.T @ h).T
    change -= h_chains.T @ v_chains
    layer.weights += scale * change
    layer.hidden_bias += scale * (h.sum(axis=0) - h_chains.sum(axis=0))
    layer.visible_bias += scale * (v - v_chains).sum(axis=0, dtype=np.float64)
    return sample_units(h_chains, rng)


def _measured(
    layer: Layer, x: NDArray[Any], binary: NDArray[Any], rng: np.random.RandomState
) -> dict[str, float]:
    """Reconstruction error of x and pseudo-likelihood of its binary draw, nats per image.

    Not finite where parameters or activations are not.
    """
    parameters = layer.weights, layer.hidden_bias, layer.visible_bias
    down = reconstruct_through([layer], x)
    finite = all(np.isfinite(array).all() for array in (*parameters, down))
    return {
        "reconstruction_error": float(binary_cross_entropy(x, down).mean()) if finite else np.nan,
        "pseudo_likelihood": float(_pseudo_likelihood(layer, binary, rng).mean()),
    }


def _in_unit_interval(x: NDArray[Any]) -> NDArray[Any]:
    """Return x; raise a `ValueError` if it has values that no unit can have."""
    if x.min() < 0 or x.max() > 1:
        raise ValueError(
            f"X has values from {x.min():g} to {x.max():g}, but the units of a Boltzmann "
            "machine need [0, 1]: scale X"
        )
    return x


def _pseudo_likelihood(layer: Layer, v: NDArray[Any], rng: np.random.RandomState) -> NDArray[Any]:
    """Log-likelihood of a unit given the others (Besag 1975), times the units; (n,), nats.

    An estimate from one unit of each row of v, n x visible units, binary.
    """
    rows, units = np.arange(len(v)), rng.randint(0, v.shape[1], len(v))
    flipped = v.copy()
    flipped[rows, units] = 1 - flipped[rows, units]
    return -v.shape[1] * np.logaddexp(0, layer.free_energy(v) - layer.free_energy(flipped))


def _up(layers: Iterable[Layer], x: NDArray[Any]) -> NDArray[Any]:
    for layer in layers:
        x = layer.up(x)
    return x


def _down(layers: Sequence[Layer], hidden: NDArray[Any]) -> NDArray[Any]:
    for layer in reversed(layers):
        hidden = layer.down(hidden)
    return hidden
