"""Names and texts as a reader sees them: of data sets, settings, classes and network structures."""

from collections.abc import Iterable, Mapping
from typing import Any
from unicodedata import bidirectional, category

READABLE = {
    "adagrad_he": "Adagrad from He's initialisation",
    "adagrad_normal": "Adagrad from N(0, 0.01)",
    "adagrad_xavier": "Adagrad from Xavier's initialisation",
    "adam_he": "Adam from He's initialisation",
    "adam_normal": "Adam from N(0, 0.01)",
    "aevb": "AEVB",
    "cifar10": "CIFAR-10",
    "cifar10_grey": "CIFAR-10, grey",
    "cifar10_rgb": "CIFAR-10, colour",
    "convolutional_cifar10_grey": "Convolutional",
    "convolutional_frey_face": "Convolutional",
    "convolutional_patches": "Convolutional",
    "frey_face": "Frey Face",
    "graph_cifar10_grey": "Graph convolutional",
    "graph_frey_face": "Graph convolutional",
    "graph_patches": "Graph convolutional",
    "mnist": "MNIST",
    "dbn": "DBN",
    "he": "He",
    "networks_like_for_like": "Networks, like for like",
    "networks_published": "Networks, published protocol",
    "networks_upper_triangle": "Networks, upper triangle",
    "normal": "N(0, 0.01)",
    "photo_patches_grey": "Photo patches, grey",
    "photo_patches_rgb": "Photo patches, colour",
    "pseudo_likelihood": "Pseudo-likelihood",
    "report": "Adam from Xavier's initialisation",
    "rbm": "RBM",
    "sgd": "SGD",
    "sgd_he": "SGD from He's initialisation",
    "sgd_normal": "SGD from N(0, 0.01)",
    "sgd_xavier": "SGD from Xavier's initialisation",
    "two_layer_200": "Fully connected",
    "two_layer_200_gaussian": "Fully connected, Gaussian",
    "vae": "VAE",
    "wake_sleep": "Wake-sleep",
}
"""Names that take more than a capital letter."""

PROPER = {
    "adam": "Adam",
    "cupy": "CuPy",
    "dbn": "DBN",
    "gpu": "GPU",
    "kingma": "Kingma",
    "latents": "latent variables",
    "numpy": "NumPy",
    "rbm": "RBM",
    "tensorflow": "TensorFlow",
    "vae": "VAE",
    "welling": "Welling",
    "xavier": "Xavier",
}
"""Words within a name that are not written as they are there."""

MEASURES = {
    "active_units": "active units",
    "elbo": "ELBO",
    "explained_variance": "share of variance explained",
    "kl": "KL divergence",
    "knn_accuracy": "accuracy of nearest neighbours",
    "mean_squared_error": "mean squared error",
    "reconstruction": "reconstruction loss",
    "reconstruction_error": "reconstruction error",
    "runtime": "seconds",
    "sharpness": "sharpness against the original",
    "silhouette": "silhouette",
    "two_sample_accuracy": "share of images whose nearest is of their kind",
}
"""Every metric of an experiment, in words; those of classes have the class after an underscore."""

TURNS = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
"""Unicode's classes of what turns the direction of the text that follows."""

LONGEST_LABEL = 20
"""Characters of the longest name of a class that figures show."""

STRUCTURES = ("small_world", "community", "sparse")
"""The order of Fig. 6.1 of the report: (a), (b), (c)."""


def readable(name: str) -> str:
    """Put a name of the configuration into words: "small_world" is "Small world"."""
    if name in READABLE:
        return READABLE[name]
    words = " ".join(PROPER.get(word, word) for word in name.split("_")).strip()
    return words[:1].upper() + words[1:]


def networks_setting(setting: Mapping[str, Any]) -> dict[str, Any]:
    """A setting of trainings on networks, where the report's training is that of its text."""
    of_the_text = {"training": "as the text has it"} if setting.get("training") == "report" else {}
    return {**setting, **of_the_text}


def in_words(name: object) -> str:
    """Put a name into words within a sentence: "latent_dimension" is "latent dimension"."""
    text = str(name)
    return MEASURES.get(text) or READABLE.get(text) or text.replace("_", " ")


def duration(seconds: float) -> str:
    """Put a time into words, in the unit that suits it: "34 s", "12 min", "3.5 h"."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def writable(text: str) -> bool:
    """Whether a text has no control characters, halves of characters or turns of direction."""
    return not any(
        category(character) in ("Cc", "Cs") or bidirectional(character) in TURNS
        for character in text
    )


def numbered(names: Iterable[str]) -> str:
    """List names of classes with the numbers that figures may show in their place."""
    return ", ".join(f"{number} {name}" for number, name in enumerate(names, start=1))


def by_number(names: Iterable[str]) -> bool:
    """Whether figures may show numbers in place of some names of classes."""
    return any(not name.isascii() or len(name) > LONGEST_LABEL for name in names)


def one_line(text: str) -> str:
    """Bring a text that is not ours onto one line, with a sign for what is not writable."""
    words = " ".join(text.split())
    return "".join(each if writable(each) else "\N{REPLACEMENT CHARACTER}" for each in words)


def in_report_order(structures: Iterable[str]) -> list[str]:
    """Sort network structures as the report does; others follow as they came."""
    given = list(structures)
    known = [name for name in STRUCTURES if name in given]
    return known + [name for name in given if name not in known]
