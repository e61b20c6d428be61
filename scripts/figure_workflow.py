"""Figure: the steps of the study, from data to report, and what came before what."""

import textwrap
from collections.abc import Mapping
from pathlib import Path

import networkx as nx
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from step import run
from study.contracts import STEPS, read_rows
from study.plotting import BLUE, MUTED, PAGE_WIDTH, new_figure, save, style
from study.wording import duration

LAST = "Figures, tables and report"

POINT, HALF_WIDTH, HALF_HEIGHT = 0.3, 0.42, 0.44
"""Height of an edge in a column that it passes, and half a box; a step has 1 by 1."""

ROW_HEIGHT = 0.48
"""In inches, of four lines."""

BROADEST = 15
"""Characters of a line in a box, but for longer words."""


def figure_workflow(steps: Path, svg: Path, pdf: Path, png: Path) -> None:
    """Draw a box a rule, with its jobs and their time, right of those whose files it takes.

    Parameters
    ----------
    steps
        csv of `record_study`.
    svg, pdf, png
        The figure.
    """
    rows = {row["rule"]: row for row in read_rows(steps, STEPS.columns)}
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from([*rows, LAST])
    for rule, row in rows.items():
        graph.add_edges_from((before, rule) for before in row["after"].split())
    ends = [rule for rule in rows if not graph.out_degree(rule)]
    graph.add_edges_from((rule, LAST) for rule in ends)
    routed, paths = route(nx.transitive_reduction(graph))
    places = arrange(routed)
    width, half = 1 + max(x for x, _ in places.values()), 0.5 + max(y for _, y in places.values())
    with style():
        figure = new_figure(PAGE_WIDTH, ROW_HEIGHT * 2 * half)
        axes = figure.subplots()
        for path in paths:
            draw_path(axes, [places[point] for point in path])
        for rule in graph:
            draw_box(axes, places[rule], rule, rows.get(rule))
        axes.set(xlim=(-0.5, width - 0.5), ylim=(-half, half))
        axes.set_axis_off()
        save(figure, svg, pdf, png)


def route(graph: "nx.DiGraph[str]") -> tuple["nx.DiGraph[str]", list[list[str]]]:
    """Lead each edge from column to column, by points of its own where it passes those of others.

    A step is in the last column that is before all that take its files.

    Returns
    -------
    DiGraph
        Of the steps and those points, whose names are empty but for blanks; each has its `column`.
    list of list of str
        The points of each edge, with its ends.
    """
    generations = [*nx.topological_generations(graph.reverse())]
    column = {rule: -number for number, rules in enumerate(generations) for rule in rules}
    routed: nx.DiGraph[str] = nx.DiGraph()
    for rule, number in column.items():
        routed.add_node(rule, column=number)
    paths = []
    for before, after in sorted(graph.edges):
        path = [before]
        for number in range(column[before] + 1, column[after]):
            path.append(" " * len(routed))
            routed.add_node(path[-1], column=number)
        paths.append([*path, after])
        nx.add_path(routed, paths[-1])
    return routed, paths


def arrange(routed: "nx.DiGraph[str]") -> dict[str, tuple[float, float]]:
    """Places of what `route` gives, in each column in the order of those that they come after."""
    places: dict[str, tuple[float, float]] = {}
    of = nx.get_node_attributes(routed, "column")
    for depth, number in enumerate(sorted({*of.values()})):
        column = [name for name in routed if of[name] == number]
        middles = {
            name: -np.mean([places[before][1] for before in routed.predecessors(name)] or [-np.inf])
            for name in column
        }
        column.sort(key=lambda name: (middles[name], name))
        heights = [1.0 if name.strip() else POINT for name in column]
        top = sum(heights) / 2
        for name, height, end in zip(column, heights, np.cumsum(heights), strict=True):
            places[name] = (float(depth), top - float(end) + height / 2)
    return places


def draw_box(
    axes: Axes, place: tuple[float, float], rule: str, row: Mapping[str, str] | None
) -> None:
    """Draw a step: its name and, if it was recorded, how often it ran and how long."""
    lines = textwrap.wrap(rule.replace("_", " "), BROADEST, break_long_words=False)
    if row:
        lines.append(f"{row['jobs']} × · {duration(float(row['seconds']))}")
    corner = (place[0] - HALF_WIDTH, place[1] - HALF_HEIGHT)
    size = (2 * HALF_WIDTH, 2 * HALF_HEIGHT)
    axes.add_patch(Rectangle(corner, *size, facecolor="white", edgecolor=BLUE, linewidth=0.8))
    axes.text(*place, "\n".join(lines), ha="center", va="center", fontsize=7, linespacing=1.05)


def draw_path(axes: Axes, path: list[tuple[float, float]]) -> None:
    """Draw an arrow from a step to one that takes its files, past the boxes of others."""
    ends = [point for x, y in path for point in ((x - HALF_WIDTH, y), (x + HALF_WIDTH, y))]
    *line, last = ends[1:-1]
    axes.plot(*zip(*line, strict=True), color=MUTED, linewidth=0.6)
    arrow = {"arrowstyle": "-|>", "color": MUTED, "linewidth": 0.6, "shrinkB": 0, "shrinkA": 0}
    axes.annotate("", xy=last, xytext=line[-1], arrowprops=arrow)


if __name__ == "__main__":
    run(figure_workflow, globals())
