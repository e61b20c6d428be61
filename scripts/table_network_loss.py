"""The loss on each network structure beside the least that any model can reach."""

from pathlib import Path

import pandas as pd

from step import run
from study.results import final, read_tables, select, varying
from study.seals import read_json
from study.tables import NONE, mean_and_deviation, number, write_table
from study.wording import in_report_order, networks_setting, readable


def table_network_loss(
    evaluations: list[Path], cards: list[Path], table: Path, markdown: Path
) -> None:
    """Write a row for each data set and structure: test networks, nats per network.

    The entropy floor is what a decoder loses that knows a network's class and its edge
    probabilities. The reconstruction loss, which leaves out the cost of the latent code, may lie
    below it; what the floor says of the negative ELBO stands in the card's `entropy_floor_note`.

    Parameters
    ----------
    evaluations
        The tidy tables of the network experiments.
    cards
        The data cards of their data sets.
    table, markdown
        The table.

    Raises
    ------
    ValueError
        If a measured data set has no card, or a structure no measurement.
    """
    frame = final(read_tables(evaluations))
    floors = {card["name"]: card for card in map(read_json, cards)}
    settings = varying(frame, "dataset")
    rows = []
    for key, runs in frame.groupby(["dataset", *settings], sort=False):
        if key[0] not in floors:
            raise ValueError(f"no data card of {key[0]!r}; the cards are of {', '.join(floors)}")
        card = floors[key[0]]
        setting = networks_setting(dict(zip(settings, key[1:], strict=True)))
        words = [readable(str(value)) for value in setting.values()]
        rows += [
            {
                "Protocol": readable(card["protocol"]),
                "Entries": readable(card.get("entries", "all")),
                **dict(zip(map(readable, settings), words, strict=True)),
                **structure_cells(runs, structure, card["entropy_floor"][structure]),
            }
            for structure in in_report_order(card["entropy_floor"])
        ]
    text = ["Protocol", "Entries", *map(readable, settings), "Structure"]
    write_table(rows, table, markdown, text_columns=text)


def structure_cells(runs: pd.DataFrame, structure: str, floor: float) -> dict[str, str]:
    """Give the losses on one structure, and what the negative ELBO is above the floor."""
    test = select(runs, split="test")
    reconstruction = select(test, metric=f"reconstruction_{structure}")["value"]
    loss = -select(test, metric=f"elbo_{structure}")["value"]
    return {
        "Structure": readable(structure),
        "Reconstruction loss": mean_and_deviation(reconstruction, 1),
        "Negative ELBO": mean_and_deviation(loss, 1),
        "Entropy floor": number(floor, 1),
        "Above the floor": mean_and_deviation(loss - floor, 1),
        "Above, %": mean_and_deviation(100 * (loss / floor - 1), 1) if floor else NONE,
    }


if __name__ == "__main__":
    run(table_network_loss, globals())
