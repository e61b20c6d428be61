"""Simulated networks of several structures, as the adjacency matrices they are stored as.

Two protocols. `published` is that of the report's authors: the graphs of a class are averaged to a
matrix of edge probabilities, and every entry of a network is an independent Bernoulli draw of it,
so that a network need not be symmetric. `like_for_like` takes each network from a graph of its own
and keeps it an undirected graph: symmetric, of zero diagonal.

With the data comes the *entropy floor* of each class: the negative log-likelihood, in nats per
network, that the best decoder reaches on average if all it knows of a network is its class and it
treats the entries as independent, as the model's Bernoulli likelihood does. It is the sum of the
entries' binary entropies.

* `published`: entries are independent given the class, so the floor is the exact entropy of a
  network, and no model's expected loss (its negative ELBO) on new networks of the class is lower.
* `like_for_like`: the entropies are those of the marginal edge probabilities, over both triangles
  of the matrix, as the model's loss counts them. Each edge is seen twice, so half of the floor, the
  *symmetric* floor, bounds the entropy of a network from above: a model whose latent code tells
  networks of a class apart can have a loss below the floor, down to that entropy.

Of undirected networks the dataset may have the *upper triangle* alone, which is all that there is
to know of one: each edge is then seen once, the floor is the symmetric one, and a model's loss is
that of a network and not of a matrix that need not be one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import comb, isqrt
from typing import TYPE_CHECKING, Any

from study.datasets._random_graphs import GRAPH_MODELS, PARAMETERS, RandomGraph, unfit
from study.settings import parts, shared, when
from vae.names import require_known

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from study.dataset import Dataset


@dataclass(frozen=True)
class Structure:
    """One class of networks.

    Attributes
    ----------
    graph
        The random graph behind its networks.
    edge_probability
        Probability that an edge of the graph is one of the network.
    fixed_graph
        Whether, in the published protocol, one graph stands behind the whole class.

    Raises
    ------
    ValueError
        If the edge probability is not in [0, 1].
    """

    graph: RandomGraph
    edge_probability: float = 1.0
    fixed_graph: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.edge_probability <= 1:
            raise ValueError(
                f"edge_probability: expected a probability, 0 to 1, got {self.edge_probability}"
            )

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any], nodes: int) -> Structure:
        """Build a structure from the keys generator, parameters and the two optional ones.

        Raises
        ------
        ValueError
            If a key is unknown or missing, or a value invalid; the message names it.
        """
        for key in settings:
            require_known(
                "key", key, ("generator", "parameters", "edge_probability", "fixed_graph")
            )
        for key in ("generator", "parameters"):
            if key not in settings:
                raise ValueError(f"{key} is missing")
        graph = RandomGraph(settings["generator"], settings["parameters"], nodes)
        options = {key: settings[key] for key in settings if key not in ("generator", "parameters")}
        return cls(graph, **options)


@dataclass(frozen=True, eq=False)
class SimulatedNetworks:
    """Networks with the entropy floor of each class.

    Attributes
    ----------
    dataset
        uint8, 0 or 255; image shape [nodes, nodes], or [node pairs] of an upper triangle.
    protocol
        "published" or "like_for_like".
    entries
        "all" or "upper_triangle".
    structures
        Class to its structure.
    entropy_floor
        Class to nats per network, every entry that the dataset has counted.
    entropy_floor_method
        Class to how the edge probabilities behind its floor were found.
    """

    dataset: Dataset
    protocol: str
    entries: str
    structures: dict[str, Structure]
    entropy_floor: dict[str, float]
    entropy_floor_method: dict[str, str]


def simulate(
    protocol: str,
    nodes: int,
    graphs: int,
    structures: Mapping[str, Mapping[str, Any]],
    test_fraction: float,
    rng: np.random.Generator,
    entries: str = "all",
) -> SimulatedNetworks:
    """Simulate networks of each structure.

    Parameters
    ----------
    protocol
        "published" or "like_for_like".
    nodes
        Number of nodes of every network.
    graphs
        Per class: the graphs drawn.
    structures
        Class to its generator, parameters, edge_probability (default 1) and fixed_graph (default
        false; like_for_like draws a graph for each network whatever it says).
    test_fraction
        Of each class, in (0, 1): held out in like_for_like; in published, where all networks that
        the authors drew were for training, the size of a second set of draws.
    rng
        The only source of randomness; also seeds networkx.
    entries
        "all", or "upper_triangle": those above the diagonal, of undirected networks alone.

    Raises
    ------
    ValueError
        If a setting is invalid; the message names the structure and the key.
    """
    import numpy as np

    from study.dataset import Dataset
    from study.split import labelled

    require_known("protocol", protocol, PROTOCOLS)
    require_known("entries", entries, ENTRIES)
    if wanted := _unfit_entries(entries, protocol):
        raise ValueError(f"entries: expected {wanted}, got {entries}")
    if nodes < 2:
        raise ValueError(f"nodes: expected a whole number of at least 2, got {nodes}")
    if graphs < 2:
        raise ValueError(f"graphs: expected a whole number of at least 2, got {graphs}")
    if not structures:
        raise ValueError("structures: expected at least one class of networks, got none")
    classes = {}
    for name, settings in structures.items():
        try:
            classes[name] = Structure.from_settings(settings, nodes)
        except ValueError as error:
            raise ValueError(f"structures, {name}: {error}") from error
    draw = PROTOCOLS[protocol].draw
    draws = {name: draw(classes[name], graphs, test_fraction, rng) for name in classes}
    x_train, y_train = labelled([_seen(each.train, entries) for each in draws.values()], rng)
    x_test, y_test = labelled([_seen(each.test, entries) for each in draws.values()], rng)
    shape = [nodes, nodes] if entries == "all" else [comb(nodes, 2)]
    return SimulatedNetworks(
        dataset=Dataset(
            x_train=x_train * np.uint8(255),
            y_train=y_train,
            x_test=x_test * np.uint8(255),
            y_test=y_test,
            image_shape=np.array(shape),
            label_names=np.array(list(classes)),
        ),
        protocol=protocol,
        entries=entries,
        structures=classes,
        entropy_floor={
            name: total_entropy(_seen(draws[name].probabilities, entries)) for name in draws
        },
        entropy_floor_method={name: draws[name].method for name in draws},
    )


def describe(networks: SimulatedNetworks) -> dict[str, Any]:
    """Return the fields of the data card that are the networks' own.

    They are split, source, licence, citation, protocol, entries, generators (class to its
    structure), entropy_floor and entropy_floor_method (class to nats per network, and how found),
    entropy_floor_note and, of all entries in like_for_like, entropy_floor_symmetric.
    """
    import networkx as nx

    protocol = PROTOCOLS[networks.protocol]
    twice = protocol.symmetric and networks.entries == "all"
    citations = dict.fromkeys(
        structure.graph.model.citation for structure in networks.structures.values()
    )
    fields = {
        "split": protocol.split,
        "source": f"simulated with networkx {nx.__version__}",
        "licence": "none needed: simulated",
        "citation": " ".join(citations),
        "protocol": networks.protocol,
        "entries": networks.entries,
        "generators": {
            name: {
                "generator": structure.graph.generator,
                "parameters": dict(structure.graph.parameters),
                "edge_probability": structure.edge_probability,
                "fixed_graph": structure.fixed_graph and networks.protocol == "published",
            }
            for name, structure in networks.structures.items()
        },
        "entropy_floor": networks.entropy_floor,
        "entropy_floor_method": networks.entropy_floor_method,
        "entropy_floor_note": protocol.entropy_floor_note + (TWICE if twice else ""),
    }
    if twice:
        fields["entropy_floor_symmetric"] = {
            name: floor / 2 for name, floor in networks.entropy_floor.items()
        }
    return fields


def upper_triangle(matrices: NDArray[Any]) -> NDArray[Any]:
    """Return the entries above the diagonal of (..., nodes, nodes) matrices, row by row."""
    import numpy as np

    return matrices[..., *np.triu_indices(matrices.shape[-1], 1)]


def _seen(matrices: NDArray[Any], entries: str) -> NDArray[Any]:
    return upper_triangle(matrices) if entries == "upper_triangle" else matrices


def as_matrices(rows: NDArray[Any], image_shape: NDArray[np.int64]) -> NDArray[Any]:
    """Return networks, rows as a dataset has them, as (n, nodes, nodes) matrices.

    Those of an upper triangle become symmetric, with a diagonal of 0.
    """
    import numpy as np

    if len(image_shape) == 2:
        return rows.reshape(-1, *image_shape)
    nodes = (1 + isqrt(1 + 8 * rows.shape[1])) // 2
    matrices = np.zeros((len(rows), nodes, nodes), rows.dtype)
    matrices[:, *np.triu_indices(nodes, 1)] = rows
    return matrices + matrices.transpose(0, 2, 1)


def total_entropy(probabilities: NDArray[np.float64]) -> float:
    """Return the summed entropy in nats of independent Bernoulli variables."""
    import numpy as np

    p = probabilities[(probabilities > 0) & (probabilities < 1)]
    return float(-(p * np.log(p) + (1 - p) * np.log1p(-p)).sum())


@dataclass(frozen=True, eq=False)
class _ClassDraws:
    """The networks of one class, (n, nodes, nodes) bool, and the probability of their entries."""

    train: NDArray[np.bool_]
    test: NDArray[np.bool_]
    probabilities: NDArray[np.float64]
    method: str


def _published(
    structure: Structure, graphs: int, test_fraction: float, rng: np.random.Generator
) -> _ClassDraws:
    from study.split import held_out

    averaged = structure.graph.mean_adjacency(1 if structure.fixed_graph else graphs, rng)
    probabilities = structure.edge_probability * averaged
    test = held_out(graphs, test_fraction)
    return _ClassDraws(
        train=rng.random((graphs, *probabilities.shape)) < probabilities,
        test=rng.random((test, *probabilities.shape)) < probabilities,
        probabilities=probabilities,
        method="exact",
    )


def _like_for_like(
    structure: Structure, graphs: int, test_fraction: float, rng: np.random.Generator
) -> _ClassDraws:
    import numpy as np

    from study.split import held_out

    networks = np.stack([_undirected_network(structure, rng) for _ in range(graphs)])
    test = held_out(graphs, test_fraction)
    return _ClassDraws(
        train=networks[test:],
        test=networks[:test],
        probabilities=structure.edge_probability * structure.graph.edge_probabilities(rng),
        method=structure.graph.model.method,
    )


def _undirected_network(structure: Structure, rng: np.random.Generator) -> NDArray[np.bool_]:
    import numpy as np

    adjacency = structure.graph.adjacency(rng)
    kept = np.triu(rng.random(adjacency.shape) < structure.edge_probability, 1)
    return adjacency & (kept | kept.T)


@dataclass(frozen=True)
class Protocol:
    """How the networks of a class are drawn, with what the data card says of it."""

    draw: Callable[[Structure, int, float, np.random.Generator], _ClassDraws]
    symmetric: bool
    split: str
    entropy_floor_note: str


PROTOCOLS = {
    "published": Protocol(
        _published,
        symmetric=False,
        split="the test networks are a second, independent set of draws from the edge "
        "probabilities of the training networks; the report's authors had no test set",
        entropy_floor_note="Entropy of a network of the class, exact: the entries are independent "
        "Bernoulli variables, and the floor sums the entropy of each. No model's expected negative "
        "ELBO on new networks of the class is lower.",
    ),
    "like_for_like": Protocol(
        _like_for_like,
        symmetric=True,
        split="a random share of each class held out; every network comes from a graph of its own",
        entropy_floor_note="Expected negative log-likelihood of the entries of a network that the "
        "model sees, for a decoder that knows only the class: the summed entropies of the class's "
        "edge probabilities. A latent code that tells networks of a class apart can bring the loss "
        "below the floor.",
    ),
}

TWICE = (
    " Each edge is seen twice, in both triangles, so the symmetric floor, half of it, is the most "
    "that the entropy of a network can be."
)

ENTRIES = ("all", "upper_triangle")


def _unfit_entries(entries: str, protocol: str) -> str | None:
    """What entries are expected where those of a protocol's networks cannot be these."""
    if entries == "all" or PROTOCOLS[protocol].symmetric:
        return None
    return f"all where the protocol is {protocol}, whose networks are not symmetric"


STRUCTURE = {
    "description": "a mapping with a generator and its parameters",
    "type": "object",
    "additionalProperties": False,
    "required": ["generator", "parameters"],
    "properties": {
        "generator": {
            "description": "the name of a generator",
            "meaning": "One of networkx's.",
            "enum": [*GRAPH_MODELS],
        },
        "parameters": {
            "description": "a mapping of the generator's parameters",
            "meaning": "All but nodes and seed.",
            "type": "object",
        },
        "edge_probability": shared(
            "probability",
            "1 if absent: probability that an edge of the graph is one of the network.",
        ),
        "fixed_graph": shared(
            "switch", "False if absent: whether a published class is drawn from one graph."
        ),
    },
    "allOf": when(
        "generator",
        {
            name: {
                "properties": {
                    "parameters": {
                        "additionalProperties": False,
                        "required": [*model.parameters],
                        "properties": {each: PARAMETERS[each] for each in model.parameters},
                    }
                }
            }
            for name, model in GRAPH_MODELS.items()
        },
    ),
}

SETTINGS = {
    "required": ["protocol", "nodes", "graphs", "structures", "test_fraction"],
    "properties": {
        "protocol": {
            "description": "the protocol of the simulation",
            "meaning": "`published` (independent draws of the averaged edge probabilities, as the "
            "report's authors did) or `like_for_like` (symmetric networks, each of its own graph).",
            "enum": [*PROTOCOLS],
        },
        "nodes": shared("two_or_more", "Nodes of a network."),
        "graphs": shared("two_or_more", "Graphs drawn for each structure."),
        "structures": {
            "description": "a mapping from at most ten names to network structures",
            "meaning": "Each class of networks by a name of your choice.",
            "type": "object",
            "minProperties": 1,
            "maxProperties": 10,
            "propertyNames": {"$ref": "#/$defs/name"},
            "additionalProperties": STRUCTURE,
        },
        "entries": {
            "description": "the entries of a network that a model sees",
            "meaning": "`all` if absent, every entry of the adjacency matrix; or `upper_triangle`, "
            "those above the diagonal, which are all that there is to know of a symmetric one.",
            "enum": [*ENTRIES],
        },
        "test_fraction": shared(
            "fraction",
            "The part of each class held out; of published networks, the size of the "
            "second set of draws, as a part of the first.",
        ),
    },
}


def input_dimension(settings: Mapping[str, Any]) -> int:
    """Entries of a network's adjacency matrix that a model sees."""
    nodes = settings["nodes"]
    return nodes**2 if settings.get("entries", "all") == "all" else comb(nodes, 2)


def training_items(settings: Mapping[str, Any]) -> int:
    """Networks to train on."""
    graphs = settings["graphs"]
    if settings["protocol"] == "like_for_like":
        graphs -= round(graphs * settings["test_fraction"])
    return len(settings["structures"]) * graphs


def problems(path: str, settings: Mapping[str, Any]) -> Iterator[str]:
    """Entries and parameters that do not fit, and a fraction that leaves a set empty."""
    entries = settings.get("entries", "all")
    if wanted := _unfit_entries(entries, settings["protocol"]):
        yield f"{path}.entries is {entries}; expected {wanted}"
    graphs, fraction = settings["graphs"], settings["test_fraction"]
    if not parts(graphs, fraction):
        yield (
            f"{path}.test_fraction is {fraction}; expected one that leaves some of {graphs} graphs "
            "to train and to test on"
        )
    for structure, graph in settings["structures"].items():
        for name, value in graph["parameters"].items():
            if wanted := unfit(graph["generator"], name, value, settings["nodes"]):
                key = f"{path}.structures.{structure}.parameters.{name}"
                yield f"{key} is {value}; expected {wanted}"


def prepare(
    settings: Mapping[str, Any], files: Mapping[str, Any], rng: np.random.Generator
) -> tuple[Dataset, dict[str, Any]]:
    """Return the networks and the fields of their card, with the entropy floors."""
    given = {key: settings[key] for key in SETTINGS["properties"] if key in settings}
    networks = simulate(**given, rng=rng)
    return networks.dataset, describe(networks)
