"""The restricted Boltzmann machine in the comparison."""

from study.models._boltzmann import BoltzmannMachine


class RBM(BoltzmannMachine):
    """A trained machine of one layer."""

    label = "RBM"
    place = 1
    key = "rbm"
    published_layers = slice(None)


MODEL = RBM
