"""Simulated networks: the two protocols, the random graphs behind them and their entropy floors."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from prepare_dataset import prepare_dataset
from study.dataset import Dataset, load_dataset
from study.datasets._random_graphs import GRAPH_MODELS, RandomGraph
from study.datasets.networks import (
    SimulatedNetworks,
    Structure,
    as_matrices,
    input_dimension,
    simulate,
    total_entropy,
    upper_triangle,
)

NODES = 20
STRUCTURES: dict[str, dict[str, Any]] = {
    "sparse": {
        "generator": "gnm_random_graph",
        "parameters": {"m": 40},
        "edge_probability": 0.8,
        "fixed_graph": True,
    },
    "community": {
        "generator": "random_partition_graph",
        "parameters": {"sizes": [12, 8], "p_in": 0.5, "p_out": 0.1},
    },
    "small_world": {"generator": "watts_strogatz_graph", "parameters": {"k": 6, "p": 0.5}},
}
PARAMETERS: dict[str, dict[str, Any]] = {
    "gnm_random_graph": {"m": 40},
    "gnp_random_graph": {"p": 0.2},
    "random_regular_graph": {"d": 5},
    "random_partition_graph": {"sizes": [12, 8], "p_in": 0.5, "p_out": 0.1},
    "watts_strogatz_graph": {"k": 6, "p": 0.5},
    "barabasi_albert_graph": {"m": 2},
    "powerlaw_cluster_graph": {"m": 2, "p": 0.5},
}


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def simulated(
    protocol: str, structures: dict[str, dict[str, Any]] = STRUCTURES, graphs: int = 30
) -> SimulatedNetworks:
    return simulate(protocol, NODES, graphs, structures, 1 / 3, rng())


def matrices(dataset: Dataset, label: str) -> NDArray[np.bool_]:
    """Return all networks of a class, training and test, as (n, nodes, nodes) bool."""
    x = np.vstack([dataset.x_train, dataset.x_test])
    y = np.append(dataset.y_train, dataset.y_test)
    networks = x[y == dataset.label_names.tolist().index(label)]
    return networks.reshape(-1, *dataset.image_shape) == 255


class TestProtocols:
    @pytest.mark.parametrize(
        ("protocol", "train", "test"), [("published", 30, 10), ("like_for_like", 20, 10)]
    )
    def test_each_class_has_its_share_of_both_sets(
        self, protocol: str, train: int, test: int
    ) -> None:
        data = simulated(protocol).dataset
        assert np.bincount(data.y_train).tolist() == [train] * 3
        assert np.bincount(data.y_test).tolist() == [test] * 3
        assert data.label_names.tolist() == list(STRUCTURES)
        assert np.unique(data.x_train).tolist() == [0, 255]

    def test_like_for_like_networks_are_undirected_graphs(self) -> None:
        data = simulated("like_for_like").dataset
        for label in STRUCTURES:
            networks = matrices(data, label)
            np.testing.assert_array_equal(networks, networks.transpose(0, 2, 1))
            assert not networks.diagonal(axis1=1, axis2=2).any()

    def test_published_networks_are_not_symmetric(self) -> None:
        data = simulated("published").dataset
        for label in STRUCTURES:
            networks = matrices(data, label)
            assert (networks != networks.transpose(0, 2, 1)).any(axis=(1, 2)).all()

    def test_fixed_graph_stands_behind_all_published_networks(self) -> None:
        seen = matrices(simulated("published").dataset, "sparse").any(axis=0)
        assert seen.sum() == 2 * 40
        np.testing.assert_array_equal(seen, seen.T)

    def test_like_for_like_draws_a_graph_for_each_network(self) -> None:
        whole = {"sparse": STRUCTURES["sparse"] | {"edge_probability": 1.0}}
        networks = matrices(simulated("like_for_like", whole).dataset, "sparse")
        assert (networks.sum(axis=(1, 2)) == 2 * 40).all()
        assert len(np.unique(networks.reshape(30, -1), axis=0)) == 30

    def test_thinning_keeps_edges_with_the_edge_probability(self) -> None:
        networks = matrices(
            simulated("like_for_like", {"sparse": STRUCTURES["sparse"]}, 300).dataset, "sparse"
        )
        kept = networks.sum() / (300 * 2 * 40)
        assert abs(kept - 0.8) < 4 * np.sqrt(0.8 * 0.2 / (300 * 40))

    def test_published_test_networks_are_draws_of_the_same_probabilities(self) -> None:
        data = simulated("published", {"community": STRUCTURES["community"]}, 900).dataset
        train, test = (x.mean(axis=0) / 255 for x in (data.x_train, data.x_test))
        assert np.abs(train - test).max() < 5 * np.sqrt(0.25 * (1 / 900 + 1 / 300))
        assert not (data.x_test[:, None] == data.x_train[:50]).all(axis=2).any()


class TestRandomGraphs:
    @pytest.mark.parametrize("generator", GRAPH_MODELS)
    def test_edge_probabilities_are_the_share_of_graphs_with_each_edge(
        self, generator: str
    ) -> None:
        graph = RandomGraph(generator, PARAMETERS[generator], NODES)
        expected = graph.edge_probabilities(rng())
        np.testing.assert_array_equal(expected, expected.T)
        assert not expected.diagonal().any()
        drawn = graph.mean_adjacency(400, rng(1))
        assert np.abs(drawn - expected).max() < 5 * np.sqrt(0.25 / 400)
        assert abs(drawn.sum() / expected.sum() - 1) < 0.03

    def test_watts_strogatz_floor_agrees_with_simulation(self) -> None:
        """By symmetry all pairs of one ring distance are averaged, so few graphs suffice."""
        graph = RandomGraph("watts_strogatz_graph", {"k": 10, "p": 0.5}, 68)
        drawn = graph.mean_adjacency(400, rng())
        gap = np.abs(np.subtract.outer(np.arange(68), np.arange(68)))
        distance = np.minimum(gap, 68 - gap)
        by_distance = np.bincount(distance.ravel(), drawn.ravel()) / np.bincount(distance.ravel())
        simulation = total_entropy(by_distance[distance])
        assert total_entropy(graph.edge_probabilities(rng())) == pytest.approx(simulation, rel=5e-3)

    @pytest.mark.parametrize(("k", "p"), [(6, 0.0), (6, 0.3), (7, 0.3), (6, 1.0), (2, 0.5)])
    def test_watts_strogatz_keeps_the_number_of_edges(self, k: int, p: float) -> None:
        graph = RandomGraph("watts_strogatz_graph", {"k": k, "p": p}, NODES)
        edges = graph.adjacency(rng()).sum()
        assert graph.edge_probabilities(rng()).sum() == pytest.approx(edges)

    @pytest.mark.parametrize("nodes", [6, 7])
    def test_watts_strogatz_of_all_neighbours_is_complete(self, nodes: int) -> None:
        graph = RandomGraph("watts_strogatz_graph", {"k": 6, "p": 0.5}, nodes)
        np.testing.assert_array_equal(graph.edge_probabilities(rng()), 1 - np.eye(nodes))
        np.testing.assert_array_equal(graph.adjacency(rng()), ~np.eye(nodes, dtype=bool))

    def test_without_rewiring_small_worlds_are_rings(self) -> None:
        graph = RandomGraph("watts_strogatz_graph", {"k": 6, "p": 0.0}, NODES)
        np.testing.assert_allclose(
            graph.edge_probabilities(rng()), graph.adjacency(rng()), atol=1e-12
        )


class TestEntropyFloor:
    def test_entropy_of_fair_and_certain_entries(self) -> None:
        assert total_entropy(np.array([[0.0, 1.0], [0.5, 0.5]])) == pytest.approx(2 * np.log(2))

    def test_published_floor_is_the_expected_loss_of_the_true_probabilities(self) -> None:
        fixed = {"sparse": STRUCTURES["sparse"]}
        networks = simulated("published", fixed, 600)
        drawn = matrices(networks.dataset, "sparse")
        probabilities = np.where(drawn.any(axis=0), 0.8, 0.0)
        loss = _mean_negative_log_likelihood(drawn, probabilities)
        floor = networks.entropy_floor["sparse"]
        assert floor == pytest.approx(-80 * (0.8 * np.log(0.8) + 0.2 * np.log(0.2)))
        assert loss == pytest.approx(floor, rel=0.01)

    def test_published_floor_of_an_average_of_graphs(self) -> None:
        """With one graph in the average every entry is certain; with many none is."""
        certain = {"community": STRUCTURES["community"] | {"fixed_graph": True}}
        assert simulated("published", certain).entropy_floor["community"] == 0
        averaged = simulated("published", {"community": STRUCTURES["community"]}, 900)
        limit = total_entropy(_community().edge_probabilities(rng()))
        assert averaged.entropy_floor["community"] == pytest.approx(limit, rel=0.01)

    @pytest.mark.parametrize("label", STRUCTURES)
    def test_like_for_like_floor_is_the_loss_of_a_decoder_that_knows_the_class(
        self, label: str
    ) -> None:
        networks = simulated("like_for_like", {label: STRUCTURES[label]}, 1200)
        drawn = matrices(networks.dataset, label)
        structure = Structure.from_settings(STRUCTURES[label], NODES)
        probabilities = structure.edge_probability * structure.graph.edge_probabilities(rng())
        loss = _mean_negative_log_likelihood(drawn, probabilities)
        assert loss == pytest.approx(networks.entropy_floor[label], rel=0.01)

    def test_closed_forms(self) -> None:
        floors = simulated("like_for_like").entropy_floor
        pairs = NODES * (NODES - 1) / 2
        assert floors["sparse"] == pytest.approx(2 * pairs * _entropy(0.8 * 40 / pairs))
        within, between = 12 * 11 / 2 + 8 * 7 / 2, 12 * 8
        expected = 2 * (within * _entropy(0.5) + between * _entropy(0.1))
        assert floors["community"] == pytest.approx(expected)

    def test_model_without_closed_form_says_so(self) -> None:
        hubs = {"hubs": {"generator": "barabasi_albert_graph", "parameters": {"m": 2}}}
        assert simulated("like_for_like", hubs).entropy_floor_method["hubs"].startswith("Monte")
        assert simulated("like_for_like").entropy_floor_method["sparse"] == "closed form"


def _community() -> RandomGraph:
    return RandomGraph("random_partition_graph", STRUCTURES["community"]["parameters"], NODES)


def _entropy(p: float) -> float:
    return float(-p * np.log(p) - (1 - p) * np.log(1 - p))


def _mean_negative_log_likelihood(
    networks: NDArray[np.bool_], probabilities: NDArray[Any]
) -> float:
    likelihood = np.where(networks, probabilities, 1 - probabilities)
    return float(-np.log(likelihood).sum(axis=(1, 2)).mean())


class TestUpperTriangle:
    def test_it_is_half_of_the_same_networks_and_the_rest_is_its_mirror_image(self) -> None:
        whole, half = simulated("like_for_like"), triangle()
        for split in ("train", "test"):
            matrices, rows = (
                getattr(whole.dataset, f"x_{split}"),
                getattr(half.dataset, f"x_{split}"),
            )
            assert rows.shape[1] == NODES * (NODES - 1) / 2
            np.testing.assert_array_equal(
                as_matrices(rows, half.dataset.image_shape),
                as_matrices(matrices, whole.dataset.image_shape),
            )
        np.testing.assert_array_equal(half.dataset.y_train, whole.dataset.y_train)

    @pytest.mark.parametrize("nodes", [2, 3, 68])
    def test_matrices_of_any_triangle_give_it_back(self, nodes: int) -> None:
        rows = rng().random((4, nodes * (nodes - 1) // 2))
        matrices = as_matrices(rows, np.array(rows.shape[1:]))
        assert matrices.shape == (4, nodes, nodes)
        assert not matrices.diagonal(axis1=1, axis2=2).any()
        np.testing.assert_array_equal(matrices, matrices.transpose(0, 2, 1))
        np.testing.assert_array_equal(upper_triangle(matrices), rows)

    def test_its_floor_is_half_of_that_of_all_entries(self) -> None:
        whole = simulated("like_for_like").entropy_floor
        assert triangle().entropy_floor == pytest.approx(
            {label: floor / 2 for label, floor in whole.items()}
        )

    def test_its_floor_is_the_loss_of_a_decoder_that_knows_the_class(self) -> None:
        networks = simulate(
            "like_for_like",
            NODES,
            1200,
            {"community": STRUCTURES["community"]},
            1 / 3,
            rng(),
            "upper_triangle",
        )
        probabilities = upper_triangle(_community().edge_probabilities(rng()))
        drawn = np.vstack([networks.dataset.x_train, networks.dataset.x_test]) == 255
        likelihood = np.where(drawn, probabilities, 1 - probabilities)
        loss = -np.log(likelihood).sum(axis=1).mean()
        assert loss == pytest.approx(networks.entropy_floor["community"], rel=0.01)

    def test_the_number_of_entries_is_known_before_there_are_networks(self) -> None:
        for entries, networks in (
            ("all", simulated("like_for_like")),
            ("upper_triangle", triangle()),
        ):
            size = networks.dataset.x_train.shape[1]
            assert input_dimension({"nodes": NODES, "entries": entries}) == size
        assert input_dimension({"nodes": 68}) == 4624


def triangle() -> SimulatedNetworks:
    return simulate("like_for_like", NODES, 30, STRUCTURES, 1 / 3, rng(), "upper_triangle")


class TestErrors:
    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (
                {"generator": "watts_strogats_graph"},
                r"structures, small_world: generator: 'watts_strogats_graph' is unknown"
                r".*nearest is watts_strogatz_graph",
            ),
            ({"parameters": {"k": 6, "q": 0.5}}, "parameters: 'q' is unknown.*nearest is"),
            ({"parameters": {"k": 6}}, "watts_strogatz_graph, parameters: p is missing"),
            ({"parameters": {"k": 6, "p": 1.5}}, "p: expected a probability, 0 to 1, got 1.5"),
            ({"parameters": {"k": 6.5, "p": 1}}, "k: expected a whole number, 0 to 20"),
            ({"parameters": {"k": 21, "p": 1}}, "k: expected a whole number, 0 to 20.*got 21"),
            ({"edge_probability": -0.1}, "edge_probability: expected a probability"),
            ({"edge_probabilty": 0.1}, "'edge_probabilty' is unknown.*nearest is edge_probability"),
            (
                {"generator": "gnm_random_graph", "parameters": {"m": 191}},
                "m: expected a whole number, 0 to 190 for 20 nodes, got 191",
            ),
            (
                {
                    "generator": "random_partition_graph",
                    "parameters": {"sizes": [10, 9], "p_in": 0.5, "p_out": 0.1},
                },
                r"sizes: expected a list .* add up to 20 nodes, got \[10, 9\]",
            ),
            (
                {"generator": "barabasi_albert_graph", "parameters": {"m": 0}},
                "barabasi_albert_graph: no graph of 20 nodes can be drawn with m=0",
            ),
        ],
    )
    def test_wrong_structure_is_one_sentence(self, change: dict[str, Any], message: str) -> None:
        with pytest.raises(ValueError, match=message):
            simulated("like_for_like", {"small_world": STRUCTURES["small_world"] | change})

    def test_missing_key(self) -> None:
        with pytest.raises(ValueError, match="structures, ring: parameters is missing"):
            simulated("published", {"ring": {"generator": "gnp_random_graph"}})

    def test_unknown_protocol(self) -> None:
        with pytest.raises(ValueError, match=r"protocol: 'publish' is unknown.*nearest is pub"):
            simulated("publish")

    def test_entries_that_are_unknown_or_of_networks_that_are_not_symmetric(self) -> None:
        with pytest.raises(ValueError, match=r"entries: 'lower' is unknown"):
            simulate("like_for_like", NODES, 10, STRUCTURES, 0.5, rng(), "lower")
        with pytest.raises(
            ValueError, match="entries: expected all where the protocol is published"
        ):
            simulate("published", NODES, 10, STRUCTURES, 0.5, rng(), "upper_triangle")

    def test_too_small(self) -> None:
        with pytest.raises(ValueError, match="graphs: expected a whole number of at least 2"):
            simulated("published", graphs=1)
        with pytest.raises(ValueError, match="nodes: expected a whole number of at least 2"):
            simulate("published", 1, 10, STRUCTURES, 0.5, rng())
        with pytest.raises(ValueError, match="structures: expected at least one"):
            simulated("published", {})


@pytest.mark.parametrize("protocol", ["published", "like_for_like"])
class TestStep:
    def write(self, folder: Path, protocol: str, seed: int) -> tuple[Path, Path]:
        dataset, card = folder / f"{seed}.npz", folder / f"{seed}.json"
        folder.mkdir(exist_ok=True)
        settings = {
            "kind": "networks",
            "protocol": protocol,
            "nodes": NODES,
            "graphs": 12,
            "structures": STRUCTURES,
            "test_fraction": 1 / 3,
        }
        prepare_dataset(dataset, card, "mine", settings, {}, seed)
        return dataset, card

    def test_a_seed_gives_the_same_bytes_and_another_seed_others(
        self, tmp_path: Path, protocol: str
    ) -> None:
        first, again, other = (
            [path.read_bytes() for path in self.write(tmp_path / folder, protocol, seed)]
            for folder, seed in [("a", 1), ("b", 1), ("c", 2)]
        )
        assert first == again
        assert first[0] != other[0]

    def test_card(self, tmp_path: Path, protocol: str) -> None:
        dataset, path = self.write(tmp_path, protocol, 1)
        card = json.loads(path.read_text(encoding="utf-8"))
        assert card["protocol"] == protocol
        assert card["shape"] == [NODES, NODES]
        assert list(card["classes"]) == load_dataset(dataset).label_names.tolist()
        assert card["generators"]["small_world"] == {
            "generator": "watts_strogatz_graph",
            "parameters": {"k": 6, "p": 0.5},
            "edge_probability": 1.0,
            "fixed_graph": False,
        }
        assert card["generators"]["sparse"]["fixed_graph"] == (protocol == "published")
        assert all(floor > 0 for floor in card["entropy_floor"].values())
        assert list(card["entropy_floor_method"]) == list(STRUCTURES)
        assert "Watts" in card["citation"]
        assert card["entropy_floor_note"]

    def test_only_symmetric_networks_have_a_symmetric_floor(
        self, tmp_path: Path, protocol: str
    ) -> None:
        card = json.loads(self.write(tmp_path, protocol, 1)[1].read_text(encoding="utf-8"))
        if protocol == "published":
            assert "entropy_floor_symmetric" not in card
        else:
            for label, floor in card["entropy_floor"].items():
                assert card["entropy_floor_symmetric"][label] == floor / 2
