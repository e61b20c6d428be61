"""Adam's settings (Kingma & Ba 2015, Algorithm 1), shared by every backend."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Adam:
    """Adam with the constants of its paper.

    A step is written as m / (sqrt(v) + epsilon_t) times a step size, both of which carry the
    bias corrections of step t; this is Algorithm 1 exactly, with one division an element.
    """

    learning_rate: float = 1e-3
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        if not self.learning_rate > 0:
            raise ValueError(f"learning_rate: expected a positive number, got {self.learning_rate}")

    def corrected(self, step: int) -> tuple[float, float]:
        """Step size and epsilon of step `step` (from 1), with the bias corrections in them."""
        correction = (1 - self.beta2**step) ** 0.5
        return self.learning_rate * correction / (1 - self.beta1**step), self.epsilon * correction
