"""Names as a reader sees them: of data sets, settings and network structures."""

from collections.abc import Iterable

READABLE = {
    "cifar10": "CIFAR-10",
    "cifar10_grey": "CIFAR-10, grey",
    "cifar10_rgb": "CIFAR-10, colour",
    "convolutional_cifar10_grey": "Convolutional",
    "convolutional_frey_face": "Convolutional",
    "frey_face": "Frey Face",
    "mnist": "MNIST",
    "he": "He",
    "networks_like_for_like": "Networks, like for like",
    "networks_published": "Networks, published protocol",
    "normal": "N(0, 0.01)",
    "photo_patches_grey": "Photo patches, grey",
    "photo_patches_rgb": "Photo patches, colour",
    "pseudo_likelihood": "Pseudo-likelihood",
    "sgd": "SGD",
    "two_layer_200_gaussian": "Two layer 200, Gaussian",
}
"""Names that take more than a capital letter."""

STRUCTURES = ("small_world", "community", "sparse")
"""The order of Fig. 6.1 of the report: (a), (b), (c)."""


def readable(name: str) -> str:
    """Put a name of the configuration into words: "small_world" is "Small world"."""
    return READABLE.get(name) or name.replace("_", " ").capitalize()


def in_report_order(structures: Iterable[str]) -> list[str]:
    """Sort network structures as the report does; others follow as they came."""
    given = list(structures)
    known = [name for name in STRUCTURES if name in given]
    return known + [name for name in given if name not in known]
