"""Adam's settings (Kingma & Ba 2015, Algorithm 1), shared by every backend."""

from dataclasses import dataclass
from math import log
from typing import NamedTuple


class UndecayedStep(NamedTuple):
    """Scalars of one step of Adam on moments whose decay is left out; see `Adam.undecayed`."""

    gradient_scale: float
    square_scale: float
    step_size: float
    epsilon: float


@dataclass(frozen=True)
class Adam:
    """Adam with the constants of its paper.

    A step is written as m / (sqrt(v) + epsilon_t) times a step size, both of which carry the
    bias corrections of step t; this is Algorithm 1 exactly, with one division an element.

    Raises
    ------
    ValueError
        If a setting is out of its range.
    """

    learning_rate: float = 1e-3
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        if not self.learning_rate > 0:
            raise ValueError(f"learning_rate: expected a positive number, got {self.learning_rate}")
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
