"""Figure 6.3 and its kin: the evidence lower bound while training, and where it ends.

The rules of three figures run this script; they differ in what varies and in what the curves are
drawn against.
"""

from collections.abc import Sequence
from pathlib import Path

from step import run
from study.learning_curves import draw_learning_curves
from study.plotting import save, style
from study.results import read_table, select


def figure_learning_curves(
    evaluations: Path,
    studied: str,
    quantity: str,
    against: Sequence[str],
    apart: bool,
    svg: Path,
    pdf: Path,
    png: Path,
) -> None:
    """Draw the bound while training, and after the last epoch against what varies.

    Parameters
    ----------
    evaluations
        The tidy table of the experiment.
    studied, quantity, against, apart
        As of `study.learning_curves.draw_learning_curves`.
    svg, pdf, png
        The figure.
    """
    elbo = select(read_table(evaluations), metric="elbo")
    with style():
        save(draw_learning_curves(elbo, studied, quantity, against, apart), svg, pdf, png)


if __name__ == "__main__":
    run(figure_learning_curves, globals())
