"""`pip install .` gives `import vae`, and nothing else of the project."""

import os
import shutil
import subprocess
import sys
from importlib.metadata import PathDistribution
from pathlib import Path

import pytest
from bare_environment import bare_environment

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """Folder into which pip installed a copy of the project, without a network."""
    pytest.importorskip("setuptools", minversion="77", reason="the build backend of pyproject.toml")
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("target")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    shutil.copytree(ROOT / "scripts", source / "scripts")
    offline = ["--no-index", "--no-deps", "--no-build-isolation", "--disable-pip-version-check"]
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", *offline, "--target", target, source],
        check=True,
    )
    return target


def test_only_the_package_is_installed(installed):
    assert sorted(path.name.split("-")[0] for path in installed.iterdir()) == ["vae", "vae_study"]


def test_the_installed_package_is_the_one_imported(installed, tmp_path):
    environment = os.environ | {"PYTHONPATH": str(installed)}
    command = [sys.executable, "-c", "import vae; vae.VAE; print(vae.__file__)"]
    output = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    ).stdout
    assert Path(output.strip()) == installed / "vae" / "__init__.py"


IMPORT_ALL = """
from importlib import import_module
from pkgutil import walk_packages

import vae

for module in walk_packages(vae.__path__, "vae."):
    import_module(module.name)
    print(module.name)
"""


def test_every_module_needs_no_more_than_the_package_declares(installed, tmp_path):
    (metadata,) = installed.glob("*.dist-info")
    python = bare_environment(tmp_path / "bare", PathDistribution(metadata).requires or [])
    printed = subprocess.run(
        [python, "-c", IMPORT_ALL],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert {"vae.estimator", "vae.backends.cupy"} <= set(printed.split())
