"""What is known of a backend before its libraries are imported."""

from collections.abc import Iterator
from dataclasses import dataclass

from vae.algorithms import ALGORITHMS
from vae.architecture import LIKELIHOODS
from vae.optimizer import OPTIMIZERS


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a backend says of itself; one of the defaults can do all but filters and wake-sleep.

    Attributes
    ----------
    label
        Its name in figures and tables.
    library
        The import name of what it computes with.
    extra
        The extra of this package that installs the library, if it is no dependency.
    memory_mb
        Enough for a training of the study, and for the library itself.
    needs_gpu
        Whether it runs on nothing else.
    compiles_epoch
        Whether it compiles a function of a whole epoch, anew for every number of steps.
    convolutions
        Whether it trains filters.
    optimizers, likelihoods
        What it trains by and for: names in `vae.optimizer.OPTIMIZERS` and
        `vae.architecture.LIKELIHOODS`.
    several_samples
        Whether it can take more than one posterior sample an item.
    algorithms
        What its steps follow: names in `vae.algorithms.ALGORITHMS`.
    """

    label: str
    library: str = "numpy"
    extra: str | None = None
    memory_mb: int = 1000
    needs_gpu: bool = False
    compiles_epoch: bool = False
    convolutions: bool = False
    optimizers: tuple[str, ...] = tuple(OPTIMIZERS)
    likelihoods: tuple[str, ...] = LIKELIHOODS
    several_samples: bool = True
    algorithms: tuple[str, ...] = ALGORITHMS[:1]

    def refused(
        self, *, filters: bool, likelihood: str, optimizer: str, samples: int, algorithm: str
    ) -> Iterator[str]:
        """What it cannot do of a training, in words that follow "does not train with"."""
        if filters and not self.convolutions:
            yield "filters"
        if likelihood not in self.likelihoods:
            yield f"the likelihood {likelihood}"
        if optimizer not in self.optimizers:
            yield f"the optimizer {optimizer}"
        if samples != 1 and not self.several_samples:
            yield f"{samples} latent samples an image"
        if algorithm not in self.algorithms:
            yield f"the algorithm {algorithm}"
