"""The workflow's rules as Snakemake reads them, so that no test has to read their text."""

from contextlib import chdir
from functools import cache

from conftest import ROOT
from snakemake.api import SnakemakeApi
from snakemake.rules import Rule
from snakemake.settings.types import ConfigSettings, OutputSettings, Quietness, ResourceSettings


@cache
def parsed_rules(*configs: str) -> dict[str, Rule]:
    """Rules by name, under overlays of the configuration."""
    quiet = OutputSettings(quiet={Quietness.ALL})
    settings = ConfigSettings(configfiles=[ROOT / config for config in configs])
    with chdir(ROOT), SnakemakeApi(quiet) as api:
        workflow = api.workflow(
            resource_settings=ResourceSettings(),
            config_settings=settings,
            snakefile=ROOT / "workflow/Snakefile",
        )
        return {rule.name: rule for rule in workflow._workflow.rules}
