"""The schemas, with what the library and the kinds of datasets say of themselves put in."""

from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import yaml

SCHEMAS = Path(__file__).parents[1] / "schemas"
CONFIG, CATALOGUE = SCHEMAS / "config.schema.yaml", SCHEMAS / "datasets.schema.yaml"


@cache
def load_schema(path: Path) -> dict[str, Any]:
    """Read a schema.

    The tag `!schema module.NAME` in it stands for the value of that name, `!names module.NAME` for
    a list of the names in it.
    """
    return yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # nosec B506


class _Loader(yaml.SafeLoader):
    """Reader of plain YAML and of the two tags."""


def _value(loader: Any, node: Any) -> Any:
    module, _, name = loader.construct_scalar(node).rpartition(".")
    return getattr(import_module(module), name)


_Loader.add_constructor("!schema", _value)
_Loader.add_constructor("!names", lambda loader, node: list(_value(loader, node)))
