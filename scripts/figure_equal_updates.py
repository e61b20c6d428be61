"""Figure 6.3 (b) again with as many updates for every training size."""

from pathlib import Path

from step import run
from study.learning_curves import draw_learning_curves
from study.plotting import save, style
from study.results import read_table, select


def figure_equal_updates(evaluations: Path, svg: Path, pdf: Path, png: Path) -> None:
    """Draw the bound against images seen, and after the last epoch against the training size.

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
            elbo, "train_size", "Training images", against=("images_seen",)
        )
        save(figure, svg, pdf, png)


if __name__ == "__main__":
    run(figure_equal_updates, globals())
