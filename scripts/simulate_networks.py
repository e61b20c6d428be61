"""Dataset and card of simulated networks."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from step import run
from study.dataset import save_dataset
from study.datasets.card import write_card
from study.datasets.networks import describe, simulate
from vae.seeding import generator


def simulate_networks(
    dataset: Path,
    card: Path,
    name: str,
    protocol: str,
    nodes: int,
    graphs: int,
    structures: Mapping[str, Mapping[str, Any]],
    test_fraction: float,
    seed: int,
) -> None:
    """Write the networks as an npz, and their card, with the entropy floors, as JSON."""
    networks = simulate(protocol, nodes, graphs, structures, test_fraction, generator(seed, name))
    save_dataset(dataset, networks.dataset)
    write_card(card, dataset, name=name, **describe(networks))


if __name__ == "__main__":
    run(simulate_networks, globals())
