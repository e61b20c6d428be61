"""Figure 6.1: one simulated network of each structure, drawn and as its adjacency matrix."""

from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from numpy.typing import NDArray

from step import run
from study.arrays import read_arrays
from study.datasets.networks import as_matrices
from study.plotting import (
    CATEGORIES,
    INK,
    MUTED,
    PAGE_WIDTH,
    letter,
    letters,
    new_figure,
    save,
    style,
)
from study.wording import in_report_order, readable


def figure_6_1_network_structures(
    dataset: Path, community_sizes: list[int], svg: Path, pdf: Path, png: Path
) -> None:
    """Draw the first training network of each structure.

    Parameters
    ----------
    dataset
        The npz of a network data set.
    community_sizes
        How many nodes each community has, in the order of the nodes; none if none are known.
    svg, pdf, png
        The figure.
    """
    networks = first_networks(dataset)
    with style():
        figure = new_figure(PAGE_WIDTH, 4.3)
        panels = figure.subplots(2, len(networks), squeeze=False)
        for mark, (structure, adjacency), (drawing, matrix) in zip(
            letters(), networks.items(), panels.T, strict=False
        ):
            letter(drawing, mark, readable(structure))
            draw_network(drawing, adjacency, structure, community_sizes)
            matrix.imshow(adjacency, cmap="Greys", vmin=0, vmax=1)
            matrix.spines[:].set_visible(True)
            matrix.set_xticks([0, len(adjacency) - 1], ["1", str(len(adjacency))])
            matrix.set_yticks([0, len(adjacency) - 1], ["1", str(len(adjacency))])
            matrix.set_xlabel("Node", labelpad=-6)
        panels[1, 0].set_ylabel("Node", labelpad=-6)
        save(figure, svg, pdf, png)


def first_networks(dataset: Path) -> dict[str, NDArray[np.bool_]]:
    """Read the adjacency matrix of each structure's first training network, in report order."""
    arrays = read_arrays(dataset, "x_train", "y_train", "image_shape", "label_names")
    names = [str(name) for name in arrays["label_names"]]
    shown = in_report_order(names)
    first = [np.argmax(arrays["y_train"] == names.index(name)) for name in shown]
    matrices = as_matrices(arrays["x_train"][first], arrays["image_shape"])
    return dict(zip(shown, matrices > 0, strict=True))


def draw_network(
    axes: Axes, adjacency: NDArray[np.bool_], structure: str, community_sizes: list[int]
) -> None:
    """Draw nodes and edges, laid out so that the structure shows.

    A small world lies on a ring, communities on a circle each and in a colour each, and any other
    network where springs pull it. Nodes are joined if there is an edge either way: the published
    protocol draws both entries of an edge on their own.

    Raises
    ------
    ValueError
        If the communities have more or fewer nodes than the network.
    """
    nodes = len(adjacency)
    communities = structure == "community" and community_sizes
    if communities and sum(community_sizes) != nodes:
        raise ValueError(
            f"community_sizes: expected sizes that add up to {nodes} nodes, got {community_sizes}"
        )
    colours = [CATEGORIES[0]] * nodes
    if structure == "small_world":
        positions = _ring(nodes)
    elif communities:
        circles = [_ring(size) for size in community_sizes]
        # so far apart that neighbouring circles do not touch, the first at the upper left
        apart = 1.15 / np.sin(np.pi / max(2, len(community_sizes)))
        centres = apart * _ring(len(community_sizes), start=0.375)
        positions = np.concatenate(
            [centre + circle for centre, circle in zip(centres, circles, strict=True)]
        )
        colours = np.repeat(np.resize(CATEGORIES, len(community_sizes)), community_sizes).tolist()
    else:
        graph = nx.from_numpy_array(adjacency | adjacency.T)
        layout: dict[int, Any] = nx.spring_layout(graph, seed=1)
        positions = np.array([layout[node] for node in range(nodes)])
    edges = np.argwhere(np.triu(adjacency | adjacency.T, 1))
    axes.add_collection(
        LineCollection(list(positions[edges]), colors=MUTED, linewidths=0.35, alpha=0.7)
    )
    axes.scatter(
        positions[:, 0], positions[:, 1], s=14, c=colours, edgecolors=INK, linewidths=0.4, zorder=2
    )
    axes.set_aspect("equal", adjustable="datalim")
    axes.set_axis_off()


def _ring(nodes: int, start: float = 0.25) -> NDArray[np.float64]:
    """Place nodes clockwise on the unit circle; `start` is in turns from the right."""
    angles = 2 * np.pi * (start - np.arange(nodes) / nodes)
    return np.column_stack([np.cos(angles), np.sin(angles)])


if __name__ == "__main__":
    run(figure_6_1_network_structures, globals())
