"""The deep belief network in the comparison."""

from study.models._boltzmann import BoltzmannMachine


class DBN(BoltzmannMachine):
    """A trained machine of several layers, of which the report left out the top one."""

    label = "DBN"
    place = 2
    key = "dbn"
    published_layers = slice(-1)
    is_bound = True


MODEL = DBN
