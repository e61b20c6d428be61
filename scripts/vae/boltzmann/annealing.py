"""Likelihoods of Boltzmann machines, by annealed importance sampling (AIS).

The probability of an image under an RBM is p(v) = p*(v) / Z, with a p*(v) that is simple and a
sum Z over all images that is not. AIS (Neal 2001; for RBMs, Salakhutdinov & Murray 2008) estimates
log Z along a path of machines, from a base whose log Z is known. Run the other way it errs on the
other side, and the gap between the two bounds what both get wrong (Grosse, Ghahramani & Adams
2015). All values are in nats.
"""

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logsumexp

from vae._arrays import require_rows
from vae.boltzmann.estimators import DBN
from vae.boltzmann.gibbs import gibbs_chains
from vae.boltzmann.layer import Layer, sample_units
from vae.names import require_whole
from vae.objective import bernoulli_log_likelihood, softplus

MAXIMUM_ENUMERATED = 20
"""Most units over whose states `exact_log_partition` sums."""

_STATES = 1 << 12
"""States that are summed at a time."""


@dataclass(frozen=True, eq=False)
class PartitionEstimate:
    """What annealed importance sampling says of the log partition function of an RBM.

    Attributes
    ----------
    log_z
        The estimate of log Z, nats.
    standard_error
        Of `log_z`, from the spread of the weights by the delta method: s / (m sqrt(n)), for n
        weights of mean m and standard deviation s. It knows nothing of regions of the space that
        no chain has found.
    log_weights
        (n,) float64, one a chain; logarithms of weights whose mean estimates Z / Z_base forward,
        and Z_base / Z in reverse.
    effective_sample_size
        (sum w)^2 / sum w^2 of the n weights, from 1 to n (Kong, Liu & Wong 1994).
    """

    log_z: float
    standard_error: float
    log_weights: NDArray[np.float64]
    effective_sample_size: float


def log_unnormalised(layer: Layer, v: NDArray[Any]) -> NDArray[np.float64]:
    """Logarithm of p*(v), the sum of exp(-E(v, h)) over the hidden states h; per image.

    It is minus the free energy of v; in float64.

    Parameters
    ----------
    layer
        The RBM.
    v
        n x visible units, each 0 or 1.

    Returns
    -------
    float64 array of shape (n,)
        nats.

    Raises
    ------
    ValueError
        If v has other values or another number of columns.
    """
    return -layer.free_energy(_binary(layer, "v", v))


def log_likelihood(layer: Layer, v: NDArray[Any], log_z: float) -> NDArray[np.float64]:
    """Log-likelihood log p(v) = log p*(v) - log Z of every image.

    Its error is that of log Z with the opposite sign: too high, more likely than not, with
    `forward_log_partition`'s, too low with `reverse_log_partition`'s.

    Parameters
    ----------
    layer
        The RBM.
    v
        n x visible units, each 0 or 1.
    log_z
        The log partition function of the layer, nats.

    Returns
    -------
    float64 array of shape (n,)
        nats per image.

    Raises
    ------
    ValueError
        If v has other values or another number of columns.
    """
    return log_unnormalised(layer, v) - log_z


def exact_log_partition(layer: Layer) -> float:
    """Log partition function, by the sum over all states of the smaller side.

    The other side is summed out in closed form.

    Raises
    ------
    ValueError
        If both sides have more than `MAXIMUM_ENUMERATED` units.
    """
    weights = layer.weights.astype(np.float64)
    summed, other = layer.hidden_bias, layer.visible_bias
    if len(summed) > len(other):
        weights, summed, other = weights.T, other, summed
    if len(summed) > MAXIMUM_ENUMERATED:
        raise ValueError(
            f"exact_log_partition: expected at most {MAXIMUM_ENUMERATED} units on the smaller "
            f"side, got {len(summed)}"
        )
    total = -np.inf
    for start in range(0, 1 << len(summed), _STATES):
        numbers = np.arange(start, min(start + _STATES, 1 << len(summed)))
        states = (numbers[:, np.newaxis] >> np.arange(len(summed)) & 1).astype(np.float64)
        terms = states @ summed + softplus(states @ weights + other).sum(axis=1)
        total = np.logaddexp(total, logsumexp(terms))
    return float(total)


def inverse_temperatures(count: int) -> NDArray[np.float64]:
    """Schedule of inverse temperatures from 0 to 1, denser towards 1.

    In the proportions of Salakhutdinov & Murray (2008, Sec. 5): of 14,500 steps, 500 lead evenly
    to 0.5, 4,000 to 0.9 and 10,000 to 1.

    Parameters
    ----------
    count
        Steps, at least 1.

    Returns
    -------
    float64 array of shape (count + 1,)
        Increasing; 0 first, 1 last.

    Raises
    ------
    ValueError
        If there is no step.
    """
    require_whole("count", count)
    position = np.linspace(0, 1, count + 1)
    return np.interp(position, [0, 500 / 14500, 4500 / 14500, 1], [0, 0.5, 0.9, 1])


def forward_log_partition(
    layer: Layer,
    base_bias: NDArray[Any],
    temperatures: NDArray[np.float64],
    chains: int,
    generator: np.random.Generator,
) -> PartitionEstimate:
    """Estimate log Z by annealing from the base model to the RBM.

    The base model has the RBM's units, visible biases of its own, and neither weights nor hidden
    biases. At inverse temperature t the machine has t times the RBM's weights and biases, plus
    1 - t times the base's (Salakhutdinov & Murray 2008, Sec. 3).

    The mean weight is unbiased for Z / Z_base, so log Z is underestimated on average (Jensen's
    inequality), and overestimated by x nats with probability at most exp(-x) (Markov's): log Z is
    a stochastic lower bound, and likelihoods made of it are upper bounds.

    Parameters
    ----------
    layer
        The RBM.
    base_bias
        (visible units,); `vae.boltzmann.log_odds` of the training images, say.
    temperatures
        Inverse temperatures from 0 to 1, increasing; `inverse_temperatures` has some.
    chains
        Independent runs, in parallel; at least 2.
    generator
        Source of the samples.

    Raises
    ------
    ValueError
        If the base biases, temperatures or chains are not as above.
    """
    base = _checked_base(layer, base_bias)
    _check_temperatures(temperatures)
    require_whole("chains", chains, 2)
    v = sample_units(np.tile(expit(base), (chains, 1)), generator)
    log_weights = _anneal(layer, base, temperatures, v, generator)
    return _estimate(log_weights, _base_log_partition(layer, base), sign=1)


def reverse_log_partition(
    layer: Layer,
    base_bias: NDArray[Any],
    temperatures: NDArray[np.float64],
    start: NDArray[Any],
    steps: int,
    generator: np.random.Generator,
) -> PartitionEstimate:
    """Estimate log Z by annealing from samples of the RBM to the base model.

    The path of `forward_log_partition` the other way. From exact samples the mean weight is
    unbiased for Z_base / Z, so log Z is overestimated on average, and underestimated by x nats
    with probability at most exp(-x): a stochastic upper bound, from which likelihoods are lower
    bounds (Burda, Grosse & Salakhutdinov 2015; Grosse, Ghahramani & Adams 2015). Chains that have
    not reached the model's distribution make it an estimate without that promise.

    Parameters
    ----------
    layer
        The RBM.
    base_bias, temperatures
        As of `forward_log_partition`; the temperatures are taken from 1 to 0.
    start
        Chains x visible units, each 0 or 1: training images, or samples of the RBM. At least 2.
    steps
        Gibbs steps from there to the samples from which the annealing starts.
    generator
        Source of the samples.

    Raises
    ------
    ValueError
        If the base biases, temperatures, start or steps are not as above.
    """
    base = _checked_base(layer, base_bias)
    _check_temperatures(temperatures)
    v = _binary(layer, "start", start).astype(np.float32)
    if len(v) < 2:
        raise ValueError(f"start: expected the states of at least 2 chains, got {len(v)}")
    v = gibbs_chains(layer, v, steps, generator)
    log_weights = _anneal(layer, base, temperatures[::-1], v, generator)
    return _estimate(log_weights, _base_log_partition(layer, base), sign=-1)


def log_likelihood_bound(
    dbn: DBN,
    v: NDArray[Any],
    log_z: float,
    generator: np.random.Generator,
    samples: int = 1,
) -> NDArray[np.float64]:
    """Variational lower bound on the log-likelihood of every image under a DBN.

    E_q[log p(v|h1) + log p(h1|h2) + ... + log p*(top)] - log Z + H(q) (Salakhutdinov & Murray
    2008, Sec. 4), where the top RBM has the units of the last two layers, those below are
    directed sigmoid layers, and q draws each layer from the activation probabilities that the
    sampled layer below gives it. The hidden units of the top RBM are summed out, and the entropy of
    each layer, given the one below, is in closed form; the rest of the expectation is a mean over
    samples. A DBN of one layer is an RBM, and the bound its log-likelihood.

    Parameters
    ----------
    dbn
        The DBN.
    v
        n x visible units, each 0 or 1.
    log_z
        The log partition function of the top RBM, nats.
    generator
        Source of the samples of q.
    samples
        Of q for every image, at least 1; more make the estimate of the bound less noisy, and leave
        its mean as it is.

    Returns
    -------
    float64 array of shape (n,)
        nats per image.

    Raises
    ------
    ValueError
        If v has other values or another number of columns, or there is no sample to draw.
    """
    require_whole("samples", samples)
    *below, top = dbn.layers_
    v = _binary(dbn.layers_[0], "v", v)
    if not below:
        return log_likelihood(top, v, log_z)
    total = np.zeros(len(v))
    for _ in range(samples):
        lower = v
        for layer in below:
            logits = layer.hidden_input(lower)
            probabilities = expit(logits)
            upper = sample_units(probabilities, generator).astype(np.float64)
            total += bernoulli_log_likelihood(lower, layer.visible_input(upper))
            total -= bernoulli_log_likelihood(probabilities, logits)
            lower = upper
        total += log_unnormalised(top, lower)
    return total / samples - log_z


def _anneal(
    layer: Layer,
    base_bias: NDArray[np.float64],
    temperatures: NDArray[np.float64],
    v: NDArray[np.float32],
    generator: np.random.Generator,
) -> NDArray[np.float64]:
    """Log weights of chains that start at v, samples at the first inverse temperature."""
    base = base_bias.astype(np.float32)
    log_weights = np.zeros(len(v))
    for before, after in itertools.pairwise(temperatures.tolist()):
        hidden_input = layer.hidden_input(v)
        gain = softplus(after * hidden_input) - softplus(before * hidden_input)
        log_weights += (after - before) * (v @ (layer.visible_bias - base))
        log_weights += gain.sum(axis=1, dtype=np.float64)
        hidden = sample_units(expit(after * hidden_input), generator)
        visible_input = after * layer.visible_input(hidden) + (1 - after) * base
        v = sample_units(expit(visible_input), generator)
    return log_weights


def _estimate(
    log_weights: NDArray[np.float64], base_log_partition: float, sign: int
) -> PartitionEstimate:
    weights = np.exp(log_weights - log_weights.max())
    return PartitionEstimate(
        log_z=float(base_log_partition + sign * (np.log(weights.mean()) + log_weights.max())),
        standard_error=float(weights.std(ddof=1) / (weights.mean() * np.sqrt(len(weights)))),
        log_weights=log_weights,
        effective_sample_size=float(weights.sum() ** 2 / (weights**2).sum()),
    )


def _base_log_partition(layer: Layer, base_bias: NDArray[np.float64]) -> float:
    return float(len(layer.hidden_bias) * np.log(2) + softplus(base_bias).sum())


def _checked_base(layer: Layer, base_bias: NDArray[Any]) -> NDArray[np.float64]:
    base = np.asarray(base_bias, np.float64)
    if base.shape != layer.visible_bias.shape or not np.isfinite(base).all():
        raise ValueError(
            f"base_bias: expected {len(layer.visible_bias)} finite numbers, "
            f"got {np.isfinite(base).sum()} in shape {base.shape}"
        )
    return base


def _check_temperatures(temperatures: NDArray[np.float64]) -> None:
    if not (
        temperatures.ndim == 1
        and len(temperatures) > 1
        and temperatures[0] == 0
        and temperatures[-1] == 1
        and (np.diff(temperatures) > 0).all()
    ):
        raise ValueError(
            f"temperatures: expected one row that increases from 0 to 1, got {temperatures}"
        )


def _binary(layer: Layer, name: str, v: NDArray[Any]) -> NDArray[np.float64]:
    v = require_rows(name, v, len(layer.visible_bias))
    if not ((v == 0) | (v == 1)).all():
        raise ValueError(f"{name}: expected binary values, 0 or 1, got others")
    return v.astype(np.float64)
