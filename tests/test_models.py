"""The compared models: one face for all, and what planning may read of them."""

import inspect

import pytest

from study.models import BASELINES, MODELS, Compared
from study.plotting import CATEGORIES, MARKERS


@pytest.mark.parametrize("model", MODELS.values(), ids=list(MODELS))
def test_a_model_has_the_whole_face(model: type[Compared]):
    assert not inspect.isabstract(model)
    assert model.label
    assert model.size_in_words.format(7) != model.size_in_words or not model.size_in_words
    likelihood = model.log_likelihood is not Compared.log_likelihood
    assert likelihood != bool(model.without_likelihood), "a likelihood, or the reason why not"


def test_every_model_has_a_place_of_its_own():
    places = [model.place for model in MODELS.values()]
    assert places == list(range(len(MODELS)))
    assert len(MODELS) <= min(len(CATEGORIES), len(MARKERS))


def test_the_vae_is_compared_with_all_others():
    assert set(MODELS) - set(BASELINES) == {"vae"}
