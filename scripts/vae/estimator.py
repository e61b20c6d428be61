"""The variational auto-encoder as a scikit-learn estimator."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import asdict, fields
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions, validate_params
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from vae.architecture import INITIALISATIONS, LIKELIHOODS, NETWORKS, Architecture
from vae.backends import BACKENDS
from vae.history import Measurement
from vae.model import Model
from vae.optimizer import OPTIMIZERS
from vae.training import Training, elbo_measurements, require_learned, train, trained_model

_DTYPES = (np.float64, np.float32)
"""Of data that are used as they are; others become the first."""

_AT_LEAST_ONE = [Interval(Integral, 1, None, closed="left")]


class VAE(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Variational auto-encoder (Kingma & Welling 2014), fully connected or convolutional.

    Parameters
    ----------
    latent_dimension : int
        Size of the latent vector z.
    network : str or mapping
        A name of `vae.architecture.NETWORKS` (`one_layer`, `two_layer`, `simulation`), or settings:
        `encoder_sizes`, `encoder_activation`, `decoder_sizes`, `decoder_activation`, and
        optionally `likelihood` and `squash_mean`; for convolutions, which only the backend
        `tensorflow` trains, also `image_shape`, `encoder_filters`, `decoder_filters` and `kernel`
        or `graph_convolutions`, as `vae.architecture.Architecture` has them.
    likelihood : {"bernoulli", "gaussian"} or None
        Decoder p(x|z); None takes the network's. Bernoulli data must lie in [0, 1].
    backend : str
        What trains, a name of `vae.backends.BACKENDS`; the fitted model needs NumPy alone.
    epochs : int
        Passes over the data in `fit`.
    batch_size : int
        Rows a step.
    learning_rate : float
        The optimizer's step size.
    optimizer : {"adam", "sgd", "adagrad"}
        How a step follows from the gradient.
    initialisation : {"xavier", "he", "normal"}
        How parameters start: see `vae.architecture.Architecture.initial_parameters`.
    samples : int
        Posterior samples an item, L of equation (3.9) of the report.
    random_state : int, RandomState instance or None
        Source of initial parameters, order and noise; an int makes fits repeatable.
    verbose : bool
        Whether to show a progress bar.

    Attributes
    ----------
    model_ : vae.model.Model
        The trained encoder and decoder.
    history_ : list of vae.training.Measurement
        ELBO, its parts and the runtime of every epoch.
    n_features_in_ : int
        Input dimension.

    Notes
    -----
    Values count as they are, whatever holds them: divide bytes by 255. Computation is in the dtype
    of X, float32 or float64, and in float64 for any other. Float32 takes about half the time and
    memory on a CPU, and far less on most GPUs.

    scikit-learn's `check_estimator` passes with the Gaussian likelihood. The Bernoulli one refuses
    its data, which lie outside [0, 1], and passes on data within.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> x = load_digits().data / 16
    >>> vae = VAE(latent_dimension=2, epochs=5, random_state=0).fit(x)
    >>> vae.transform(x).shape
    (1797, 2)
    """

    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012 - scikit-learn's own idiom
        "latent_dimension": [Interval(Integral, 1, None, closed="left")],
        "network": [StrOptions(set(NETWORKS)), Mapping],
        "likelihood": [StrOptions(set(LIKELIHOODS)), None],
        "backend": [StrOptions(set(BACKENDS))],
        "epochs": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "optimizer": [StrOptions(set(OPTIMIZERS))],
        "initialisation": [StrOptions(set(INITIALISATIONS))],
        "samples": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
        "verbose": ["boolean"],
    }

    model_: Model
    history_: list[Measurement]
    _generator: np.random.Generator
    _trainer_state: dict[str, np.ndarray]

    def __init__(
        self,
        latent_dimension: int = 20,
        *,
        network: str | Mapping[str, Any] = "two_layer",
        likelihood: str | None = None,
        backend: str = "numpy",
        epochs: int = 100,
        batch_size: int = 100,
        learning_rate: float = 1e-3,
        optimizer: str = "adam",
        initialisation: str = "xavier",
        samples: int = 1,
        random_state: int | np.random.RandomState | None = None,
        verbose: bool = False,
    ) -> None:
        self.latent_dimension = latent_dimension
        self.network = network
        self.likelihood = likelihood
        self.backend = backend
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.optimizer = optimizer
        self.initialisation = initialisation
        self.samples = samples
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Any, y: Any = None) -> Self:
        """Train from new initial parameters.

        Parameters
        ----------
        X
            n x features; in [0, 1] for the Bernoulli likelihood.
        y
            Ignored.

        Raises
        ------
        ValueError
            If a parameter or the data are not usable.
        vae.history.TrainingDiverged
            If the loss is no longer finite, during training or after its last step.
        vae.backends.BackendUnavailable
            If the backend cannot run here.
        """
        self._validate_params()
        x = self._validated(X, reset=True)
        generator = self._new_generator()
        self.model_, self.history_ = train(
            self._architecture(x.shape[1]),
            x,
            training=self._training(x.dtype),
            epochs=self.epochs,
            generator=generator,
            progress=self.verbose,
        )
        self._generator, self._trainer_state = generator, {}
        return self

    def partial_fit(self, X: Any, y: Any = None) -> Self:
        """Train for one epoch on X, from where the last call left parameters and optimizer.

        After `fit`, or where the optimizer keeps other arrays than before, the parameters go on and
        what the optimizer keeps starts anew. `initialisation` and `random_state` are those of the
        first call.

        Parameters
        ----------
        X
            n x features, as in `fit`. Float64 makes the model float64 from here on.
        y
            Ignored.

        Raises
        ------
        ValueError
            As `fit`; also if a setting of the network is not the one of the fitted model. The
            estimator stays as it was.
        """
        self._validate_params()
        first = not hasattr(self, "model_")
        x = self._validated(X, reset=first)
        architecture = self._architecture(x.shape[1])
        if first:
            training, generator = self._training(x.dtype), self._new_generator()
            parameters = training.initial_parameters(architecture, generator.spawn(1)[0])
            history, state = [], {}
        else:
            self._require_same(architecture)
            parameters = self.model_.widened(x.dtype).parameters
            training = self._training(parameters.dtype)
            # A copy, since a call that fails leaves things as they were, as do those of a copy.
            generator = deepcopy(self._generator)
            history, state = self.history_, self._trainer_state
        trainer = training.trainer(architecture, parameters)
        if _shapes(state) == _shapes(trainer.state()):
            trainer.restore(state)
        trainer.load(x)
        losses = trainer.run_epoch(*trainer.draw(generator, len(x)))
        epoch = max((row.epoch for row in history), default=0) + 1
        measured = elbo_measurements(epoch, "train", *losses, self.learning_rate)
        require_learned(trainer, x, epoch, self.learning_rate)
        self.model_, self.history_ = trained_model(architecture, trainer), [*history, *measured]
        self._generator, self._trainer_state = generator, trainer.state()
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Posterior mean of every row; n x latent dimension, float64 if X or the model is."""
        model, x = self._fitted_to(X)
        return model.encode(x)[0]

    def inverse_transform(self, X: Any) -> np.ndarray:
        """Decoder mean of latent vectors (n x latent dimension); n x features, dtypes as above."""
        model = self._fitted()
        z = check_array(X, dtype=_DTYPES, order="C")
        if z.shape[1] != self._n_features_out:
            raise ValueError(f"X has {z.shape[1]} columns, the latent space {self._n_features_out}")
        return model.widened(z.dtype).decode(z)

    def reconstruct(self, X: Any) -> np.ndarray:
        """Decoder mean at the posterior mean of every row; n x features, dtypes as above."""
        model, x = self._fitted_to(X)
        return model.reconstruct(x)

    @validate_params(
        {"n_samples": _AT_LEAST_ONE, "random_state": ["random_state"]},
        prefer_skip_nested_validation=True,
    )
    def sample(
        self, n_samples: int = 1, random_state: int | np.random.RandomState | None = None
    ) -> np.ndarray:
        """Decoder means of draws from the prior; n_samples x features, in the model's dtype."""
        model = self._fitted()
        return model.sample(n_samples, _generator(random_state))

    @validate_params({"samples": _AT_LEAST_ONE}, prefer_skip_nested_validation=True)
    def score(self, X: Any, y: Any = None, *, samples: int = 1) -> float:
        """Mean ELBO of the rows, nats per row; higher is better.

        The posterior samples are the same at every call, so that scores compare models.

        Parameters
        ----------
        X
            n x features.
        y
            Ignored.
        samples
            Posterior samples a row.
        """
        model, x = self._fitted_to(X)
        terms = model.elbo_terms(x, np.random.default_rng(0), samples)
        return -float(np.mean(np.add(*terms)))

    @property
    def _n_features_out(self) -> int:
        return self.model_.architecture.latent_dimension

    def _architecture(self, features: int) -> Architecture:
        network = NETWORKS[self.network] if isinstance(self.network, str) else self.network
        if self.likelihood is not None:
            network = {**network, "likelihood": self.likelihood}
        return Architecture.named(network, features, self.latent_dimension)

    def _require_same(self, architecture: Architecture) -> None:
        """Raise a `ValueError` of an architecture that is not the fitted model's."""
        fitted = asdict(self._fitted().architecture)
        for name, value in asdict(architecture).items():
            if value != fitted[name]:
                raise ValueError(
                    f"`{name}={value!r}` is not the same as on last call to fit or partial_fit, "
                    f"was: {fitted[name]!r}; call fit to begin anew"
                )

    def _training(self, dtype: np.dtype) -> Training:
        names = {field.name for field in fields(Training)} & self.get_params().keys()
        return Training(**{name: getattr(self, name) for name in names}, dtype=dtype.name)

    def _validated(self, X: Any, reset: bool = False) -> np.ndarray:
        x = validate_data(self, X, reset=reset, dtype=_DTYPES, order="C")
        architecture = self._architecture(x.shape[1]) if reset else self._fitted().architecture
        return _in_unit_interval(x) if architecture.likelihood == "bernoulli" else x

    def _new_generator(self) -> np.random.Generator:
        return _generator(self.random_state)

    def _fitted_to(self, X: Any) -> tuple[Model, np.ndarray]:
        """Fitted model in the wider dtype of its own and of X, and X as an array."""
        model = self._fitted()
        x = self._validated(X)
        return model.widened(x.dtype), x

    def _fitted(self) -> Model:
        check_is_fitted(self, "model_")
        return self.model_

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _generator(random_state: int | np.random.RandomState | None) -> np.random.Generator:
    return np.random.default_rng(check_random_state(random_state).randint(2**31, size=4))


def _in_unit_interval(x: np.ndarray) -> np.ndarray:
    """Return x; raise a `ValueError` if it has values that a Bernoulli cannot have."""
    if x.min() < 0 or x.max() > 1:
        raise ValueError(
            f"X has values from {x.min():g} to {x.max():g}, but the bernoulli likelihood needs "
            "[0, 1]: scale X (bytes by X / 255) or choose likelihood='gaussian'"
        )
    return x


def _shapes(state: Mapping[str, np.ndarray]) -> dict[str, tuple[int, ...]]:
    return {name: array.shape for name, array in state.items()}
