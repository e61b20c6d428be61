"""Random graphs: how one is drawn, and how probable each of its edges is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import comb
from typing import TYPE_CHECKING, Any

from study.settings import shared
from vae.names import require_known

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MONTE_CARLO_GRAPHS = 2000
"""Graphs averaged for the edge probabilities of a model without a closed form."""

_BISECTIONS = 60
"""Halvings of [0, 1] that reach the precision of a float."""


@dataclass(frozen=True)
class GraphModel:
    """What is known of one of networkx's generators.

    `edge_probability_matrix` takes the nodes and the generator's parameters; `method` says how
    exact its answer is.
    """

    parameters: tuple[str, ...]
    citation: str
    edge_probability_matrix: Callable[..., NDArray[np.float64]] | None = None
    method: str = f"Monte Carlo, {MONTE_CARLO_GRAPHS} graphs"


@dataclass(frozen=True)
class RandomGraph:
    """A generator of networkx with its parameters.

    Attributes
    ----------
    generator
        One of `GRAPH_MODELS`.
    parameters
        The generator's own, but the number of nodes and the seed.
    nodes
        Number of nodes.

    Raises
    ------
    ValueError
        If the generator is unknown, or a parameter is unknown, missing or out of its range.
    """

    generator: str
    parameters: Mapping[str, Any]
    nodes: int

    def __post_init__(self) -> None:
        require_known("generator", self.generator, GRAPH_MODELS)
        expected = self.model.parameters
        for name in self.parameters:
            require_known(f"{self.generator}, parameters", name, expected)
        for name in expected:
            if name not in self.parameters:
                raise ValueError(
                    f"{self.generator}, parameters: {name} is missing; expected "
                    f"{', '.join(expected)}"
                )
            wanted = unfit(self.generator, name, self.parameters[name], self.nodes)
            if wanted:
                raise ValueError(
                    f"{self.generator}, parameters, {name}: expected {wanted}, "
                    f"got {self.parameters[name]!r}"
                )

    @property
    def model(self) -> GraphModel:
        """What is known of the generator."""
        return GRAPH_MODELS[self.generator]

    def adjacency(self, rng: np.random.Generator) -> NDArray[np.bool_]:
        """Draw a graph.

        Returns
        -------
        adjacency
            (nodes, nodes) bool, symmetric, of zero diagonal.

        Raises
        ------
        ValueError
            If networkx refuses the parameters; the message carries its reason.
        """
        import networkx as nx
        import numpy as np

        size = {} if self.generator == "random_partition_graph" else {"n": self.nodes}
        try:
            graph = getattr(nx, self.generator)(
                **size, **self.parameters, seed=int(rng.integers(2**32))
            )
        except nx.NetworkXException as error:
            settings = ", ".join(f"{name}={value}" for name, value in self.parameters.items())
            raise ValueError(
                f"{self.generator}: no graph of {self.nodes} nodes can be drawn with {settings} "
                f"({error})"
            ) from error
        return nx.to_numpy_array(graph, nodelist=range(self.nodes), dtype=np.dtype(bool))

    def edge_probabilities(self, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return the probability of each edge over the model's graphs.

        Parameters
        ----------
        rng
            Draws graphs where the model has no closed form; its `method` tells.

        Returns
        -------
        probabilities
            (nodes, nodes) float64, symmetric, of zero diagonal.
        """
        if self.model.edge_probability_matrix is not None:
            return self.model.edge_probability_matrix(self.nodes, **self.parameters)
        return self.mean_adjacency(MONTE_CARLO_GRAPHS, rng)

    def mean_adjacency(self, graphs: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return the share of `graphs` drawn graphs that have each edge, (nodes, nodes) float64."""
        import numpy as np

        count = np.zeros((self.nodes, self.nodes))
        for _ in range(graphs):
            count += self.adjacency(rng)
        return count / graphs


def unfit(generator: str, name: str, value: Any, nodes: int) -> str | None:
    """Return what a parameter of a generator should have been, or None if it is that."""
    if name == "sizes":
        whole = isinstance(value, list | tuple) and all(_is_whole(size) for size in value)
        if not whole or min(value, default=0) < 1 or sum(value) != nodes:
            return f"a list of positive whole numbers that add up to {nodes} nodes"
        return None
    if name.startswith("p"):
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return None if number and 0 <= value <= 1 else "a probability, 0 to 1"
    if generator == "gnm_random_graph":
        largest = comb(nodes, 2)
    else:
        largest = nodes if name == "k" else nodes - 1
    if not _is_whole(value) or not 0 <= value <= largest:
        return f"a whole number, 0 to {largest} for {nodes} nodes"
    if name == "d" and value * nodes % 2:
        return f"an even number for {nodes} nodes, since every edge has two ends"
    return None


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _without_diagonal(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    import numpy as np

    np.fill_diagonal(probabilities, 0.0)
    return probabilities


def _gnp(nodes: int, p: float) -> NDArray[np.float64]:
    import numpy as np

    return _without_diagonal(np.full((nodes, nodes), float(p)))


def _gnm(nodes: int, m: int) -> NDArray[np.float64]:
    return _gnp(nodes, m / (nodes * (nodes - 1) / 2))


def _regular(nodes: int, d: int) -> NDArray[np.float64]:
    return _gnp(nodes, d / (nodes - 1))


def _partition(nodes: int, sizes: list[int], p_in: float, p_out: float) -> NDArray[np.float64]:
    import numpy as np

    block = np.repeat(np.arange(len(sizes)), sizes)
    return _without_diagonal(np.where(block[:, None] == block, float(p_in), float(p_out)))


def _watts_strogatz(nodes: int, k: int, p: float) -> NDArray[np.float64]:
    """Return edge probabilities by the distance of two nodes on the ring.

    networkx joins each node to its K = k // 2 next nodes, then takes the edges of distance j = 1,
    ..., K in turn, node by node, and with probability p moves an edge's far end to a node drawn
    from those not yet joined. Let q be the probability that one node's turn joins it to a given
    node not yet joined. A pair farther apart than K is tried 2 K times, K from each side; a pair of
    distance j, once parted, is tried once more in round j, by its far node, and twice in each round
    after:

        P(edge) = 1 - (1 - q)^(2 K)                          distance > K
        P(edge) = 1 - p (1 - q)^(2 (K - j) + 1)              distance j <= K

    Moving edges keeps their number, so q is what makes the mean degree 2 K. Taken for constant, q
    is a mean-field quantity: for the report's 68 nodes the entropies of these probabilities agree
    with simulation to a thousandth.
    """
    import numpy as np

    reach = k // 2
    if 2 * reach >= nodes - 1:
        return _gnp(nodes, 1.0)
    difference = np.abs(np.subtract.outer(np.arange(nodes), np.arange(nodes)))
    distance = np.minimum(difference, nodes - difference)
    near = distance <= reach
    turns = np.where(near, 2 * (reach - distance) + 1, 2 * reach)
    removed = np.where(near, float(p), 1.0)
    low, high = 0.0, 1.0
    for _ in range(_BISECTIONS):
        q = (low + high) / 2
        probabilities = _without_diagonal(1 - removed * (1 - q) ** turns)
        if probabilities.sum() > nodes * 2 * reach:
            high = q
        else:
            low = q
    return probabilities


GRAPH_MODELS = {
    "gnm_random_graph": GraphModel(
        ("m",), "P. Erdos and A. Renyi (1959). On random graphs I.", _gnm, "closed form"
    ),
    "gnp_random_graph": GraphModel(
        ("p",), "E. N. Gilbert (1959). Random graphs.", _gnp, "closed form"
    ),
    "random_regular_graph": GraphModel(
        ("d",),
        "A. Steger and N. Wormald (1999). Generating random regular graphs quickly.",
        _regular,
        "closed form",
    ),
    "random_partition_graph": GraphModel(
        ("sizes", "p_in", "p_out"),
        "P. W. Holland, K. B. Laskey and S. Leinhardt (1983). Stochastic blockmodels: first steps.",
        _partition,
        "closed form",
    ),
    "watts_strogatz_graph": GraphModel(
        ("k", "p"),
        "D. J. Watts and S. H. Strogatz (1998). Collective dynamics of 'small-world' networks.",
        _watts_strogatz,
        "closed form, mean field",
    ),
    "barabasi_albert_graph": GraphModel(
        ("m",), "A. L. Barabasi and R. Albert (1999). Emergence of scaling in random networks."
    ),
    "powerlaw_cluster_graph": GraphModel(
        ("m", "p"),
        "P. Holme and B. J. Kim (2002). Growing scale-free networks with tunable clustering.",
    ),
}
"""The generators of networkx that a configuration may name."""

PARAMETERS = {
    "m": shared("count", "Edges in all (`gnm_random_graph`), or edges that a new node brings."),
    "p": shared("probability", "Of an edge, of rewiring one or of closing a triangle."),
    "d": shared("count", "Every node's degree."),
    "k": shared("count", "Neighbours on the ring that a node is joined to."),
    "sizes": shared("sizes", "Those of the communities, which add up to the nodes."),
    "p_in": shared("probability", "Of an edge within a community."),
    "p_out": shared("probability", "Of an edge between two communities."),
}
"""Schema of every parameter that a generator may have."""
