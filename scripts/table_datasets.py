"""The data sets: what they hold and where they come from."""

from pathlib import Path
from typing import Any

from step import run
from study.seals import read_json
from study.tables import write_table
from study.wording import readable


def table_datasets(cards: list[Path], table: Path, markdown: Path) -> None:
    """Write a row for each data set.

    Parameters
    ----------
    cards
        The data cards.
    table, markdown
        The table.
    """
    rows = [dataset_row(read_json(card)) for card in cards]
    text = ("Data set", "Values", "Source", "Licence")
    write_table(rows, table, markdown, text_columns=text)


def dataset_row(card: dict[str, Any]) -> dict[str, str]:
    """Put a data card into words."""
    return {
        "Data set": readable(card["name"]),
        "Shape": " × ".join(map(str, card["shape"])),
        "Train": f"{card['n_train']:,}",
        "Test": f"{card['n_test']:,}",
        "Classes": str(len(card["classes"])),
        "Values": f"{card['minimum']:g} to {card['maximum']:g} ({card['dtype']})",
        "Source": card["source"],
        "Licence": card["licence"],
    }


if __name__ == "__main__":
    run(table_datasets, globals())
