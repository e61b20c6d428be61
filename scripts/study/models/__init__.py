"""The compared models: a module each, found by listing this folder.

To add one, copy the module that is nearest to it, and name it in the configuration. What importing
these modules takes is little, since the planning of the workflow reads them: heavy libraries are
imported in the functions that need them.
"""

from importlib import import_module
from pathlib import Path

from study.models._face import Baseline, Compared


def _listed() -> dict[str, type[Compared]]:
    modules = {
        path.stem: import_module(f"{__name__}.{path.stem}")
        for path in Path(__file__).parent.glob("[!_]*.py")
    }
    models: dict[str, type[Compared]] = {name: each.MODEL for name, each in modules.items()}
    return dict(sorted(models.items(), key=lambda item: item[1].place))


MODELS = _listed()
"""By name, in the order in which they are shown."""

BASELINES = {name: model for name, model in MODELS.items() if issubclass(model, Baseline)}
"""All but the VAE."""
