import pytest

from localpersonalize.recipes.registry import recipe
from localpersonalize.training.settings import parse_hyperparameters

SIMS = "arn:aws:personalize:::recipe/aws-sims"


@pytest.mark.parametrize(
    ("ranges", "text"),
    [
        (
            {
                "integerHyperParameterRanges": [
                    {"name": "min_cointeraction_count", "minValue": 2, "maxValue": 30}
                ]
            },
            r"\[0, 10\]",
        ),
        (
            {"integerHyperParameterRanges": [{"name": "depth", "minValue": 2, "maxValue": 3}]},
            "depth of aws-sims can't be tuned",
        ),
    ],
)
def test_ranges_beyond_the_documented_ones_are_refused(ranges, text):
    with pytest.raises(ValueError, match=text):
        parse_hyperparameters(recipe(SIMS), {"hpoConfig": {"algorithmHyperParameterRanges": ranges}})
