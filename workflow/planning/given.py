"""What a user gives, configuration files and entries of --config, read strictly.

Snakemake itself drops the first of two equal keys, reads numbers within a list of --config as text,
and knows neither file nor line of what it cannot read.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from os import PathLike
from os.path import relpath
from pathlib import Path
from typing import Any

import yaml
from snakemake.utils import update_config

LARGEST = 100_000
"""Keys and values that a file may come to once its aliases are written out."""


class ConfigError(ValueError):
    """The configuration is wrong; the message has one sentence a problem, each on its line."""


@contextmanager
def told() -> Iterator[None]:
    """End the program with the message of a `ConfigError`, and no traceback."""
    try:
        yield
    except ConfigError as error:
        sys.exit(str(error))


def teach_snakemake(settings: Any = None) -> None:
    """Let Snakemake read what it is given as this module does, and end where that is wrong.

    Parameters
    ----------
    settings
        Its `ConfigSettings`, if it has read something before it was taught.
    """
    from snakemake import cli
    from snakemake.common import configfile
    from snakemake.settings import types

    types.load_configfile = configfile.load_configfile = told()(read)
    cli.parse_config = told()(entries)
    if settings is not None:
        settings.overwrite_config = {}
        for file in settings.configfiles:
            update_config(settings.overwrite_config, types.load_configfile(file))
        update_config(settings.overwrite_config, cli.parse_config(settings.config_args))


def check_laid(config: Mapping[str, Any], settings: Any) -> None:
    """Refuse an empty mapping in the place of another value, which Snakemake's merging drops.

    Parameters
    ----------
    config
        What was made of all that was given.
    settings
        Snakemake's `ConfigSettings`.

    Raises
    ------
    ConfigError
        If there is one.
    """
    given = [(str(relpath(file)), read(file)) for file in settings.configfiles]
    for place, values in [*given, ("--config", entries(settings.config_args))]:
        for path in _empty(values):
            found: Any = config
            for key in path:
                found = found[key]
            if not isinstance(found, Mapping):
                raise ConfigError(
                    f"{place}: {'.'.join(path)} has no keys; expected a value in place of {found}"
                )


def _empty(values: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Paths of the mappings without keys."""
    for key, value in values.items():
        if value == {}:
            yield (key,)
        elif isinstance(value, Mapping):
            yield from ((key, *path) for path in _empty(value))


def read(path: str | PathLike[str]) -> dict[str, Any]:
    """Read a configuration file, YAML or JSON.

    Raises
    ------
    ConfigError
        If it cannot be read, is not UTF-8 or malformed, has no keys or one of them twice, or has
        aliases that contain themselves or come to more than `LARGEST` values; with file and line.
    """
    try:
        text = Path(path).read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ConfigError(
            f"{path}: {error.strerror}; expected a file of the configuration, YAML or JSON"
        ) from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigError(
            f"{path}, line {line}: the byte 0x{error.object[error.start]:02x} is not UTF-8; "
            "expected a file in that encoding"
        ) from error
    settings = _load(text, str(path))
    if not isinstance(settings, dict):
        found = "nothing" if settings is None else f"a {type(settings).__name__}"
        raise ConfigError(f"{path}: has {found}; expected keys with values, such as seed: 1")
    return settings


def entries(given: Sequence[str] | None) -> dict[str, Any]:
    """Read what --config gives; a value in brackets or braces as it would be in a file.

    Parameters
    ----------
    given
        Each "key=value".

    Raises
    ------
    ConfigError
        If one is of another form, a key is given twice, or a value is as wrong as in a file.
    """
    settings: dict[str, Any] = {}
    for entry in given or ():
        key, sign, text = entry.partition("=")
        if not sign:
            raise ConfigError(
                f"--config {entry!r}: has no value; expected key=value, such as seed=1"
            )
        if key in settings:
            raise ConfigError(f"--config {key}: is given twice; expected it once")
        settings[key] = _value(text, f"--config {key}")
    return settings


def _value(text: str, place: str) -> Any:
    """Value of an entry, by Snakemake's rules where it is a single one."""
    if text.lstrip().startswith(("[", "{")):
        return _load(text, place)
    for number in (int, float):
        with suppress(ValueError):
            return number(text)
    return {"": None, "True": True, "False": False}.get(text, text)


def _load(text: str, place: str) -> Any:
    try:
        try:
            values = json.loads(text)
        except ValueError:
            return yaml.load(text, Loader=_Reader)
        # JSON may have tabs where YAML may not; read as YAML for its checks alone.
        yaml.load(text.expandtabs(1), Loader=_Reader)
        return values
    except RecursionError as error:
        raise ConfigError(f"{place}: is nested too deeply to be read") from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise ConfigError(
            f"{place}, line {line}: has the character {error.character:#x}; expected text"
        ) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = ", ".join(filter(None, (error.context, error.problem)))
        where = f"{place}, line {mark.line + 1}" if mark else place
        raise ConfigError(f"{where}: {problem}") from error


class _Reader(yaml.SafeLoader):
    """Reader of YAML whose every refusal has its line."""

    def get_single_node(self) -> Any:
        node = super().get_single_node()
        if node is not None:
            _measure(node, {})
        return node

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except (ValueError, LookupError, AttributeError, TypeError) as error:
            kind = node.tag.rpartition(":")[2]
            raise _refusal(f"{str(node.value)[:40]!r} is no {kind}", node) from error


def _measure(node: Any, sizes: dict[Any, int | None]) -> int:
    """Count a node and all in it, aliases written out; `sizes` has those met, None while within."""
    if node in sizes:
        size = sizes[node]
        if size is None:
            raise _refusal("an alias stands within what it stands for", node)
        return size
    sizes[node] = None
    parts = node.value if isinstance(node, yaml.CollectionNode) else []
    if isinstance(node, yaml.MappingNode):
        parts = [part for pair in node.value for part in pair]
        names = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and (key.tag, key.value) in names:
                raise _refusal(f"the key {key.value} is given twice; expected it once", key)
            names.add((key.tag, str(key.value)))
    size = sizes[node] = 1 + sum(_measure(part, sizes) for part in parts)
    if size > LARGEST:
        raise _refusal(f"aliases come to more than {LARGEST:,} values", node)
    return size


def _refusal(problem: str, node: Any) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)
