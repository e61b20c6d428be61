"""Auto-Encoding Variational Bayes: the variational auto-encoder and the baselines of its study.

>>> from vae import VAE
>>> images = VAE(latent_dimension=20).fit(x).sample(100)

Names are loaded on first use, so that a step that only draws does not load scikit-learn.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vae.architecture import Architecture
    from vae.boltzmann.estimators import DBN, RBM
    from vae.estimator import VAE
    from vae.model import Model, load_model

__all__ = ["DBN", "RBM", "VAE", "Architecture", "Model", "load_model"]

_HOME = {
    "Architecture": "architecture",
    "DBN": "boltzmann.estimators",
    "Model": "model",
    "RBM": "boltzmann.estimators",
    "VAE": "estimator",
    "load_model": "model",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'vae' has no attribute {name!r}")
    return getattr(import_module(f"vae.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
