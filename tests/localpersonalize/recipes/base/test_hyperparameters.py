import pytest

from localpersonalize.recipes.knn.sims import SimsHyperparameters


def test_strings_are_read_and_prefixes_ignored():
    parsed = SimsHyperparameters.parse(
        {"algorithm.min_cointeraction_count": "5", "popularity_discount_factor": "0.25"}, "aws-sims"
    )
    assert parsed.min_cointeraction_count == 5
    assert parsed.popularity_discount_factor == 0.25


@pytest.mark.parametrize(
    ("name", "value", "range_"),
    [
        ("popularity_discount_factor", "1.5", "[0.0, 1.0]"),
        ("min_cointeraction_count", "11", "[0, 10]"),
        ("min_cointeraction_count", "many", "[0, 10]"),
        ("min_cointeraction_count", "2.5", "[0, 10]"),
    ],
)
def test_what_is_out_of_range_is_refused_with_the_range(name, value, range_):
    with pytest.raises(ValueError) as error:
        SimsHyperparameters.parse({name: value}, "aws-sims")
    assert name in str(error.value)
    assert range_ in str(error.value)
    assert value in str(error.value)


def test_an_unknown_hyperparameter_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match=r"no hyperparameter depth.*min_cointeraction_count"):
        SimsHyperparameters.parse({"depth": "3"}, "aws-sims")
