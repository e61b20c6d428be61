"""Figure 6.3 (b): the evidence lower bound by training epoch and training size."""

from pathlib import Path

from step import run
from study.learning_curves import draw_learning_curves
from study.plotting import save, style
from study.results import read_table, select


def figure_6_3b_elbo_by_training_size(evaluations: Path, svg: Path, pdf: Path, png: Path) -> None:
    """Draw the bound against epochs, against images seen, and after the last epoch against size.

    Parameters
    ----------
    evaluations
        The tidy table of the experiment.
    svg, pdf, png
        The figure.
    """
    elbo = select(read_table(evaluations), metric="elbo")
    with style():
        figure = draw_learning_curves(
            elbo, "train_size", "Training images", against=("epoch", "images_seen")
        )
        save(figure, svg, pdf, png)


if __name__ == "__main__":
    run(figure_6_3b_elbo_by_training_size, globals())
