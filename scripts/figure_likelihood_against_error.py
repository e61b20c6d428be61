"""Log-likelihood against reconstruction error: whether both rank models alike."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from adjustText import adjust_text
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator
from scipy.stats import norm, spearmanr

from step import run
from study.contracts import LIKELIHOOD
from study.likelihood_table import best_size, log_likelihoods
from study.plotting import (
    CATEGORIES,
    INK,
    MARKERS,
    MUTED,
    PAGE_WIDTH,
    letter,
    new_figure,
    save,
    style,
)
from study.results import read_table, select
from study.tables import number
from study.wording import readable

if TYPE_CHECKING:
    import pandas as pd

Models = dict[str, dict[str, Any]]
"""What is said of each compared model, by name."""

BASELINES = {"mixture": "Mixture\nof {:,g}", "independent_pixels": "Independent\npixels"}
"""Labels, with the size, of models that do not."""

VALUES = ["reconstruction_error", "log_likelihood"]

SETTING = ["model", "size", "binarisation"]
"""The columns that tell one model from another; with `seed`, one point."""

EXPANSION = 1.8, 2.2
"""How many times a label's width and height must be free of points."""

FORCE, EXPLOSION = (0.8, 1.0), (2.0, 2.0)
"""How hard points push labels, and all is pushed at first: less leaves some between points."""

ITERATIONS = 500
"""Of moving labels apart: many more than they take to come to rest."""


def figure_likelihood_against_error(
    likelihood: Path, models: Models, svg: Path, pdf: Path, png: Path
) -> None:
    """Draw a point for each model, size and seed, and beside them the ranks of the means.

    Parameters
    ----------
    likelihood
        A csv of the form `study.contracts.LIKELIHOOD`, of one data set; size is a VAE's latent
        dimension, the units of a Boltzmann machine's top layer or the components of a mixture.
    models
        Those that may be in it and reconstruct.
    svg, pdf, png
        The figure.
    """
    table = read_table(likelihood, LIKELIHOOD)
    points = measured_points(table)
    means = points.groupby(SETTING, as_index=False)[VALUES].mean()
    with style():
        figure = new_figure(PAGE_WIDTH, 3.8)
        values, by_rank = figure.subplots(1, 2, width_ratios=[1.35, 1])
        near, far = parted(points)
        draw_points(values, near, models)
        aside = {
            f"{models[row['model']]['label']} of {row['size']:,g}": row["log_likelihood"]
            for _, row in far.groupby(SETTING, as_index=False)[VALUES].mean().iterrows()
        }
        draw_baselines(values, aside | baselines(table), near["log_likelihood"])
        values.margins(0.15, 0.1)
        values.set_xlabel("Reconstruction error, nats/image (lower is better)")
        values.set_ylabel("Log-likelihood, nats/image (higher is better)")
        letter(values, "a", "A point for each seed")
        draw_ranks(by_rank, means, models)
        handles = legend_handles(points, models)
        figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
        figure.draw_without_rendering()
        label_sizes(values, near.groupby(SETTING, as_index=False)[VALUES].mean(), near)
        save(figure, svg, pdf, png)


def measured_points(table: "pd.DataFrame") -> "pd.DataFrame":
    """Pair the log-likelihood of every trained model, its best estimate, with its error.

    Returns
    -------
    DataFrame
        A row for each model, size, binarisation and seed that has both, with columns of these names
        and `reconstruction_error` and `log_likelihood`, in nats per image.

    Raises
    ------
    ValueError
        If a model has two values of either, or none has both.
    """
    keys = [*SETTING, "seed"]
    measured = {
        "reconstruction_error": select(table, metric="reconstruction_error"),
        "log_likelihood": log_likelihoods(table),
    }
    for metric, rows in measured.items():
        if rows.duplicated(keys).any():
            raise ValueError(
                f"{metric}: expected one value for each {', '.join(keys)}, got several"
            )
    error, log_likelihood = (measured[metric].set_index(keys)["value"] for metric in VALUES)
    points = error.to_frame("reconstruction_error").join(
        log_likelihood.rename("log_likelihood"), how="inner"
    )
    if points.empty:
        raise ValueError(
            "expected a model with both a reconstruction error and a log-likelihood, got none"
        )
    return points.reset_index()


def parted(points: "pd.DataFrame") -> tuple["pd.DataFrame", "pd.DataFrame"]:
    """Part from the others the models that are so far below them that they would be squeezed.

    Those are fewer than half, and further below the next than that, and all above it, are apart.
    """
    means = points.groupby(SETTING)["log_likelihood"].mean().sort_values(ascending=False)
    falls = -means.diff().to_numpy()
    last = next(
        (
            count
            for count in range(1 + len(means) // 2, len(means))
            if falls[count] > means.iloc[0] - means.iloc[count - 1]
        ),
        len(means),
    )
    is_near = points.set_index(SETTING).index.isin(means.index[:last])
    return points[is_near], points[~is_near]


def baselines(table: "pd.DataFrame") -> dict[str, float]:
    """Find, of each model that does not reconstruct, the size of the highest log-likelihood.

    Returns
    -------
    dict
        Its mean over seeds, in nats per image, by label.
    """
    estimates = log_likelihoods(table)
    found = {}
    for model, label in BASELINES.items():
        if model in estimates["model"].unique():
            best = best_size(estimates, model)
            found[label.format(best["size"].iloc[0])] = float(best["value"].mean())
    return found


def draw_points(axes: Axes, points: "pd.DataFrame", models: Models) -> None:
    """Draw points in the colour and marker of their model; dynamic binarisation may be hollow."""
    for (model, _, binarisation), part in points.groupby(SETTING):
        axes.plot(
            part["reconstruction_error"],
            part["log_likelihood"],
            **marker_style(models[str(model)], _is_hollow(points, str(binarisation))),
        )


def draw_baselines(axes: Axes, levels: dict[str, float], points: "pd.Series") -> None:
    """Draw horizontal lines with labels at the right: one above its line, others below.

    Levels so low that the points would fill less than half of the axis are written at its foot.
    """
    lowest = points.min() - np.ptp(points)
    near = {label: level for label, level in levels.items() if level >= lowest}
    far = [f"↓ {label}, {number(level, 1)}" for label, level in levels.items() if level < lowest]
    if far:
        axes.annotate(
            "\n\n".join(far).replace("-", "−"),
            (1, 0),
            (3, 0),
            xycoords="axes fraction",
            textcoords="offset points",
            va="bottom",
            fontsize=8,
            color=MUTED,
        )
    for rank, (label, level) in enumerate(sorted(near.items(), key=lambda item: -item[1])):
        axes.axhline(level, color=MUTED, linestyle="--", linewidth=0.8, zorder=0.5)
        axes.annotate(
            label,
            (1, level),
            (3, 0),
            xycoords=axes.get_yaxis_transform(),
            textcoords="offset points",
            va="top" if rank else "bottom",
            fontsize=8,
            color=MUTED,
        )


def draw_ranks(axes: Axes, means: "pd.DataFrame", models: Models) -> None:
    """Draw the rank of every model by log-likelihood against that by error, 1 the best of each."""
    by_error, by_likelihood, correlation = ranks(means)
    n = len(means)
    axes.plot([1, n], [1, n], color=MUTED, linewidth=0.8, zorder=0.5)
    for (_, row), x, y in zip(means.iterrows(), by_error, by_likelihood, strict=True):
        hollow = _is_hollow(means, row["binarisation"])
        axes.plot(x, y, **marker_style(models[row["model"]], hollow))
        axes.annotate(
            f"{row['size']:,g}",
            (x, y),
            (5, 0),
            textcoords="offset points",
            va="center",
            fontsize=7,
            path_effects=[withStroke(linewidth=2, foreground="white")],
        )
    axes.set_xlim(0.5, n + 0.5)
    axes.set_ylim(n + 0.5, 0.5)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("Rank by error")
    axes.set_ylabel("Rank by log-likelihood")
    title = f"ρ = {number(correlation, 2)}, n = {n}"
    low, high = interval(correlation, n)
    if not np.isnan(low):
        title += f"\n95% interval {number(low, 2)} to {number(high, 2)}"
    letter(axes, "b", title.replace("-", "−"))


def ranks(means: "pd.DataFrame") -> tuple["pd.Series", "pd.Series", float]:
    """Rank models by error and by log-likelihood, 1 the best of each.

    Returns
    -------
    by_error, by_likelihood : Series
    correlation : float
        Spearman's, of the two: 1 where both rank models alike, -1 where they oppose; NaN of fewer
        than three models.
    """
    by_error = means["reconstruction_error"].rank()
    by_likelihood = means["log_likelihood"].rank(ascending=False)
    if len(means) < 3:
        return by_error, by_likelihood, np.nan
    return by_error, by_likelihood, float(spearmanr(by_error, by_likelihood).statistic)


def interval(correlation: float, n: int) -> tuple[float, float]:
    """95% interval of Spearman's correlation of n pairs, by Bonett and Wright (2000).

    NaN of fewer than four pairs, and of a correlation of 1 or -1, which leave no spread to tell.
    """
    if n < 4 or not abs(correlation) < 1:
        return np.nan, np.nan
    reach = norm.ppf(0.975) * np.sqrt((1 + correlation**2 / 2) / (n - 3))
    low, high = np.tanh(np.arctanh(correlation) + np.array([-reach, reach]))
    return float(low), float(high)


def label_sizes(axes: Axes, means: "pd.DataFrame", points: "pd.DataFrame") -> None:
    """Write every model's size near its mean, with a line to it, where nothing is covered.

    Parameters
    ----------
    axes
        Laid out already.
    means, points
        What is labelled, and what must not be covered.
    """
    labels = [
        axes.text(x, y, f"{size:,g}", fontsize=7, ha="center", va="center")
        for size, x, y in means[["size", *VALUES]].to_numpy()
    ]
    adjust_text(
        labels,
        points["reconstruction_error"].to_numpy(),
        points["log_likelihood"].to_numpy(),
        expand=EXPANSION,
        force_static=FORCE,
        force_explode=EXPLOSION,
        ax=axes,
        iter_lim=ITERATIONS,
        min_arrow_len=0,
        arrowprops={"arrowstyle": "-", "linewidth": 0.5, "color": MUTED},
    )


def marker_style(facts: dict[str, Any], hollow: bool) -> dict[str, Any]:
    """Give the colour and the marker of a model, as `Axes.plot` takes them."""
    place = facts["place"]
    colour = CATEGORIES[place]
    return {
        "color": colour,
        "linestyle": "none",
        "marker": MARKERS[place],
        "markersize": 5,
        "markerfacecolor": "white" if hollow else colour,
        "markeredgecolor": colour if hollow else "white",
        "markeredgewidth": 0.9 if hollow else 0.4,
    }


def legend_handles(points: "pd.DataFrame", models: Models) -> list[Line2D]:
    """Make an entry for each model and, where there are two, for each binarisation."""
    handles = [
        Line2D(
            [],
            [],
            label=facts["label"] + (" (lower bound)" if facts["is_bound"] else ""),
            **marker_style(facts, hollow=False),
        )
        for model, facts in models.items()
        if model in points["model"].unique()
    ]
    if points["binarisation"].nunique() > 1:
        handles += [
            Line2D(
                [],
                [],
                label=f"{readable(binarisation)} binarisation",
                linestyle="none",
                marker="o",
                markersize=5,
                markeredgecolor=INK,
                markerfacecolor="white" if _is_hollow(points, binarisation) else INK,
            )
            for binarisation in ("fixed", "dynamic")
        ]
    return handles


def _is_hollow(points: "pd.DataFrame", binarisation: str) -> bool:
    return binarisation == "dynamic" and points["binarisation"].nunique() > 1


if __name__ == "__main__":
    run(figure_likelihood_against_error, globals())
