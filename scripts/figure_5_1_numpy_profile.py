"""Figure 5.1: where one epoch of the NumPy implementation spends its time."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

from step import run
from vae.plotting import BLUE, MUTED, PAGE_WIDTH, new_figure, save, style
from vae.results import read_table

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 10


def figure_5_1_numpy_profile(profile: Path, svg: Path, pdf: Path, png: Path) -> None:
    """Draw the own time of each function, the longest ten apart and the rest together.

    Parameters
    ----------
    profile
        The profile of an epoch: a csv with columns function, module, own_seconds.
    svg, pdf, png
        The figure.
    """
    bars = own_time(read_table(profile, ("function", "module", "own_seconds")))
    with style():
        figure = new_figure(PAGE_WIDTH, 0.9 + 0.24 * len(bars))
        axes = figure.subplots()
        colours = [BLUE] * min(SHOWN, len(bars)) + [MUTED] * (len(bars) - SHOWN)
        drawn = axes.barh(bars["label"], bars["own_seconds"], color=colours, height=0.7)
        labels = [
            f"{seconds:.3g} s  ({share:.1%})"
            for seconds, share in zip(bars["own_seconds"], bars["share"], strict=True)
        ]
        axes.bar_label(drawn, labels, padding=3, fontsize=8)
        axes.invert_yaxis()
        axes.margins(x=0.2, y=0.02)
        axes.spines["left"].set_visible(False)
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel(f"Own time (s); {bars['own_seconds'].sum():.4g} in all")
        save(figure, svg, pdf, png)


def own_time(profile: "pd.DataFrame") -> "pd.DataFrame":
    """Order functions by own time and put all after the tenth into one row.

    Returns
    -------
    DataFrame
        Columns label, own_seconds and share (of the total); its times add up to the total.
    """
    import pandas as pd

    profile = profile.sort_values("own_seconds", ascending=False, kind="stable")
    top, rest = profile[:SHOWN], profile[SHOWN:]
    bars = pd.DataFrame(
        {
            "label": [
                _label(function, module)
                for function, module in zip(top["function"], top["module"], strict=True)
            ],
            "own_seconds": top["own_seconds"].to_numpy(),
        }
    )
    if len(rest):
        others = {"label": f"{len(rest)} others", "own_seconds": rest["own_seconds"].sum()}
        bars = pd.concat([bars, pd.DataFrame([others])], ignore_index=True)
    return bars.assign(share=bars["own_seconds"] / bars["own_seconds"].sum())


def _label(function: str, module: str) -> str:
    """Name a function briefly, one written in C too: "<method 'sum' of 'a.b' objects>" is b.sum."""
    if method := re.fullmatch(r"<method '(\w+)' of '(?:.+\.)?(\w+)' objects>", function):
        return f"{method[2]}.{method[1]}"
    if builtin := re.fullmatch(r"<built-in method (.+)>", function):
        return builtin[1]
    return function if module == "~" else f"{module}.{function}"


if __name__ == "__main__":
    run(figure_5_1_numpy_profile, globals())
