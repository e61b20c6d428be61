"""Peers of the benchmark do the same job as the backends: same losses, same parameters."""

import numpy as np
import pytest

from study.benchmark import benchmark_problem
from study.peers import PEERS, peer
from vae.backends import create_trainer
from vae.optimizer import Adam

SETTINGS = {
    "input_dimension": 30,
    "hidden_sizes": [16, 12],
    "latent_dimension": 3,
    "batch_size": 8,
    "steps": 10,
}


@pytest.mark.parametrize("name", PEERS)
def test_a_peer_does_the_same_job(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The epoch's losses, and the parameters after 10 steps and after 20, are NumPy's.

    Where products of float32 may be rounded to TF32, as on a GPU, here they are not.
    """
    module = peer(name)
    monkeypatch.setenv("JAX_DEFAULT_MATMUL_PRECISION", "highest")
    monkeypatch.setattr(module, "TF32", False, raising=False)
    if (reason := module.unavailable()) is not None:
        pytest.skip(reason)
    problem = benchmark_problem(SETTINGS, 1)
    parameters = problem.architecture.initial_parameters(problem.generator)
    # Keras adds epsilon elsewhere than Adam's paper: one too small to matter.
    adam = Adam(learning_rate=0.01, epsilon=1e-12)
    theirs = module.trainer(problem.architecture, parameters, adam, SETTINGS["batch_size"])
    ours = create_trainer("numpy", problem.architecture, parameters, adam, SETTINGS["batch_size"])
    for trainer in (theirs, ours):
        trainer.load(problem.x)
    for _ in range(2):
        order, noise = problem.draw_epoch()
        # The KL, 0.01 nats, is what is left of terms near 1, each good to 1e-7 in float32.
        expected = pytest.approx(ours.run_epoch(order, noise), rel=1e-5, abs=3e-7)
        assert theirs.run_epoch(order, noise) == expected
        np.testing.assert_allclose(theirs.parameters(), ours.state()["parameters"], atol=1e-5)
    assert np.abs(ours.state()["parameters"] - parameters).max() > 0.05, "nothing was learnt"
    assert module.device() in ("CPU", "GPU")


def test_a_peer_that_is_not_installed_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, reason in (
        ("jax", "JAX is not installed"),
        ("pytorch", "PyTorch is not installed"),
        ("pytorch_compiled", "PyTorch is not installed"),
        ("pytorch_graphs", "PyTorch is not installed"),
        ("pythae", "PyTorch is not installed"),
        ("keras", "TensorFlow is not installed; install the extra 'tensorflow'"),
    ):
        module = peer(name)
        for source in (module, peer("pytorch"), pytest.importorskip("vae.backends.tensorflow")):
            if hasattr(source, "find_spec"):
                monkeypatch.setattr(source, "find_spec", lambda name: None)
        assert module.unavailable() == reason
        assert module.device() == "CPU"


def test_an_unknown_peer_is_named_with_its_nearest() -> None:
    with pytest.raises(ValueError, match=r"peer: 'torch' is unknown.*nearest is pytorch"):
        peer("torch")
