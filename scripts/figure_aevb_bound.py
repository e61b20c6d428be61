"""The experiment of AEVB's Figure 2: the bound by training samples seen and latent dimension."""

from pathlib import Path

from step import run
from study.learning_curves import draw_learning_curves
from study.plotting import save, style
from study.results import read_table, select


def figure_aevb_bound(evaluations: Path, svg: Path, pdf: Path, png: Path) -> None:
    """Draw the bound against samples seen, and after the last epoch against the latent dimension.

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
            elbo, "latent_dimension", "Latent dimension", against=("images_seen",)
        )
        save(figure, svg, pdf, png)


if __name__ == "__main__":
    run(figure_aevb_bound, globals())
