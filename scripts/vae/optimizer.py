"""The optimizers and their settings, shared by every backend. None of them decays weights."""

from dataclasses import dataclass
from math import log
from typing import ClassVar, NamedTuple

from vae.names import require_known, require_positive


class UndecayedStep(NamedTuple):
    """Scalars of one step of Adam on moments whose decay is left out; see `Adam.undecayed`."""

    gradient_scale: float
    square_scale: float
    step_size: float
    epsilon: float


@dataclass(frozen=True)
class Adam:
    """Adam (Kingma & Ba 2015, Algorithm 1) with the constants of its paper.

    A step is written as m / (sqrt(v) + epsilon_t) times a step size, both of which carry the
    bias corrections of step t; this is Algorithm 1 exactly, with one division an element.

    Raises
    ------
    ValueError
        If a setting is out of its range.
    """

    name: ClassVar[str] = "adam"
    arrays: ClassVar[tuple[str, ...]] = ("first_moment", "second_moment")
    """What is kept for every parameter from step to step, zero at first."""

    learning_rate: float = 1e-3
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        require_positive("learning_rate", self.learning_rate)
        for name in ("beta1", "beta2"):
            if not 0 < getattr(self, name) < 1:
                raise ValueError(f"{name}: expected a number in (0, 1), got {getattr(self, name)}")

    def corrected(self, step: int) -> tuple[float, float]:
        """Step size and epsilon of step `step` (from 1), with the bias corrections in them."""
        correction = (1 - self.beta2**step) ** 0.5
        return self.learning_rate * correction / (1 - self.beta1**step), self.epsilon * correction

    def undecayed(self, step: int, age: int) -> UndecayedStep:
        """Scalars of step `step` (from 1), the `age`-th (from 1) whose decay is left out.

        With M = m / beta1^age and V = v / beta2^age in place of the moments m and v, a step on the
        gradient g is, with h = gradient_scale g,

            M += h,  V += square_scale h^2,  parameters -= step_size M / (sqrt(V) + epsilon),

        which saves multiplying both moments by their decay rates at every step. Multiplying them
        once by beta1^age and beta2^age makes them m and v again.
        """
        first, second = self.beta1**age, self.beta2**age
        gradient_scale = (1 - self.beta1) / first
        step_size, epsilon = self.corrected(step)
        return UndecayedStep(
            gradient_scale,
            square_scale=(1 - self.beta2) / second / gradient_scale**2,
            step_size=step_size * first / second**0.5,
            epsilon=epsilon / second**0.5,
        )

    @property
    def longest_age(self) -> int:
        """Steps whose decay may be left out before M outgrows m by more than a few thousand."""
        return max(1, min(64, int(log(1e-4) / log(max(self.beta1, 1e-4)))))


@dataclass(frozen=True)
class Sgd:
    """Stochastic gradient descent: parameters -= learning_rate g.

    Raises
    ------
    ValueError
        If the learning rate is not positive.
    """

    name: ClassVar[str] = "sgd"
    arrays: ClassVar[tuple[str, ...]] = ()

    learning_rate: float

    def __post_init__(self) -> None:
        require_positive("learning_rate", self.learning_rate)


@dataclass(frozen=True)
class Adagrad:
    """Adagrad with a diagonal matrix (Duchi, Hazan & Singer 2011, Sec. 1.1).

    With the sum G of all squared gradients, which begins at zero, a step on the gradient g is

        G += g^2,  parameters -= learning_rate g / (sqrt(G) + epsilon).

    Epsilon only keeps the division from failing where all gradients were zero: on any gradient well
    above it, the first step has the length of the learning rate.

    Raises
    ------
    ValueError
        If the learning rate is not positive.
    """

    name: ClassVar[str] = "adagrad"
    arrays: ClassVar[tuple[str, ...]] = ("squared_gradients",)

    learning_rate: float
    epsilon: float = 1e-10

    def __post_init__(self) -> None:
        require_positive("learning_rate", self.learning_rate)


Optimizer = Adam | Sgd | Adagrad

OPTIMIZERS: dict[str, type[Optimizer]] = {kind.name: kind for kind in (Adam, Sgd, Adagrad)}
"""Every optimizer by its name."""


def create_optimizer(name: str, learning_rate: float) -> Optimizer:
    """Optimizer of that name with its other settings as they are by default.

    Raises
    ------
    ValueError
        If the name is unknown, naming the nearest one, or the learning rate is not positive.
    """
    require_known("optimizer", name, OPTIMIZERS)
    return OPTIMIZERS[name](learning_rate)
