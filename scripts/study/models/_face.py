"""What the study asks of every model that it compares."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from study.dataset import Dataset
    from study.likelihood_table import Estimate
    from vae.boltzmann.estimators import LayerMeasurement


class Compared(ABC):
    """A trained model, and what is said of its kind.

    Images are n x d, their pixels in [0, 1].

    Attributes
    ----------
    label
        Its name in figures and tables.
    place
        Its place among the models, from 0, which is also that of its colour and marker.
    size_in_words
        The size at which its log-likelihood is highest, such as "{} latent dimensions"; empty where
        there is only one.
    is_bound
        Whether its log-likelihood is a lower bound.
    likelihood_settings
        The keys of the configuration's `marginal_likelihood` that its estimate takes.
    without_likelihood
        Why it has no log-likelihood of black and white images; empty if it has one.
    """

    label: ClassVar[str]
    place: ClassVar[int]
    size_in_words: ClassVar[str] = ""
    is_bound: ClassVar[bool] = False
    likelihood_settings: ClassVar[tuple[str, ...]] = ()
    without_likelihood: ClassVar[str] = ""

    @classmethod
    def facts(cls) -> dict[str, Any]:
        """What figures and tables are told of its kind, as plain types."""
        names = ("label", "place", "size_in_words", "is_bound", "without_likelihood")
        return {name: getattr(cls, name) for name in names}

    @classmethod
    @abstractmethod
    def load(cls, path: Path) -> Self:
        """Read a trained model.

        Raises
        ------
        ValueError
            If the file is of another kind, naming it.
        """

    @property
    @abstractmethod
    def size(self) -> int:
        """Its latent dimension, hidden units or components."""

    @abstractmethod
    def reconstruct(self, images: NDArray[np.float32]) -> NDArray[Any]:
        """Images as the model gives them back, without drawing anything."""

    @abstractmethod
    def reconstruct_drawn(
        self, images: NDArray[np.float32], generator: np.random.Generator
    ) -> NDArray[Any]:
        """The means of the pixels, given hidden variables that are drawn."""

    def reconstruct_as_published(
        self, train: NDArray[np.float32], corrupted: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[Any]] | None:
        """Reconstruct as the report did, if it has the model.

        Parameters
        ----------
        train
            The first images that the model was trained on.
        corrupted
            What `study.comparison.corrupt` made of as many test images.

        Returns
        -------
        tuple
            The images that the report held reconstructions against, and the reconstructions.
        """
        return None

    @abstractmethod
    def draw(self, n: int, steps: int, generator: np.random.Generator) -> NDArray[Any]:
        """The means of n new images; `steps`, of the chains of a model that draws by chains."""

    def log_likelihood(
        self, data: Dataset, run: Mapping[str, Any], settings: Mapping[str, Any], root_seed: int
    ) -> list[Estimate]:
        """Estimate the log-likelihood of test images, and how well they are reconstructed.

        Parameters
        ----------
        data
            Black and white images.
        run
            What names the run.
        settings
            Those of `likelihood_settings`.
        root_seed
            The study's.
        """
        raise NotImplementedError(self.without_likelihood)


class Baseline(Compared):
    """A model that is trained for the comparison alone, on the images and seeds of its VAE.

    Attributes
    ----------
    takes
        Keys of its settings in the configuration's `baselines`.
    binarisation
        How its training makes grey images black and white: "dynamic", anew for every epoch, or
        empty, not at all.
    """

    takes: ClassVar[tuple[str, ...]] = ()
    binarisation: ClassVar[str] = ""

    @classmethod
    @abstractmethod
    def settings(cls, config: Mapping[str, Any]) -> dict[str, Any]:
        """What of the configuration its training depends on, as plain types."""

    @classmethod
    @abstractmethod
    def train(
        cls,
        images: NDArray[np.float32],
        settings: Mapping[str, Any],
        generator: np.random.Generator,
    ) -> Self:
        """Train a new model."""

    @property
    def history(self) -> Sequence[LayerMeasurement]:
        """What was measured after every epoch, right after training."""
        return ()

    @abstractmethod
    def save(self, path: Path) -> None:
        """Write what `load` reads."""
