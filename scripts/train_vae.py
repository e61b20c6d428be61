"""Train one VAE."""

from pathlib import Path
from typing import Any

from step import run
from study.alone import alone
from study.dataset import load_dataset
from study.run_data import run_data
from vae.architecture import Architecture
from vae.backends import limit_threads
from vae.history import write_history
from vae.seeding import generator
from vae.training import Training, train


def train_vae(
    dataset: Path,
    model: Path,
    history: Path,
    run_parameters: dict[str, Any],
    architecture: dict[str, Any],
    training: dict[str, Any],
    root_seed: int,
    threads: int,
) -> None:
    """Train a VAE on a dataset; write the model and the ELBO of every epoch.

    A training that was killed goes on from the checkpoint that it left beside the model, and ends
    with the numbers of one that was not.

    Initial parameters, order and noise depend on everything that names the run but its length and
    its backend: more epochs continue the same training, and every backend does the same one.

    Parameters
    ----------
    dataset
        npz of `study.dataset`.
    model, history
        npz of `vae.model` and csv of `vae.training`.
    run_parameters
        What names the run: dataset, architecture, training, latent_dimension, train_size, epochs,
        backend, seed.
    architecture, training
        The settings behind the two names. A training's `binarisation` makes the images black and
        white: drawn once (`fixed`), or those to train on anew for every epoch (`dynamic`).
    root_seed
        The study's.
    threads
        For the backend.
    """
    limit_threads(run_parameters["backend"], threads)
    data = load_dataset(dataset)
    settings = dict(training)
    binarisation = settings.pop("binarisation", None)
    dynamic = binarisation == "dynamic"
    measured = run_data(data, run_parameters, root_seed, binarisation)
    x_train = (run_data(data, run_parameters, root_seed) if dynamic else measured).x_train
    names = [value for key, value in run_parameters.items() if key not in ("epochs", "backend")]
    checkpoint = model.with_name("checkpoint.npz")
    with alone(model.parent):
        trained, measurements = train(
            Architecture.named(
                architecture,
                data.x_train.shape[1],
                run_parameters["latent_dimension"],
                data.image_shape.tolist(),
            ),
            x_train,
            measured.x_test,
            Training(backend=run_parameters["backend"], dynamic_binarisation=dynamic, **settings),
            epochs=run_parameters["epochs"],
            generator=generator(root_seed, "train", *names),
            progress=True,
            checkpoint=checkpoint,
        )
        trained.save(model)
        write_history(measurements, history)
        checkpoint.unlink(missing_ok=True)


if __name__ == "__main__":
    run(train_vae, globals())
