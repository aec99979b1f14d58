import subprocess
import sys

import pytest

from localpersonalize.recipes import describe
from localpersonalize.recipes.registry import RECIPES, load_model, recipe


def test_a_recipe_is_found_by_name_and_by_arn():
    assert recipe("aws-sims") is recipe("arn:aws:personalize:::recipe/aws-sims")


def test_an_unknown_recipe_is_refused_with_what_there_is():
    with pytest.raises(KeyError) as error:
        recipe("arn:aws:personalize:::recipe/aws-magic")
    assert "aws-magic" in str(error.value)
    assert "aws-sims" in str(error.value)


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_every_recipe_is_described_by_what_it_names(name):
    description = describe.describe_recipe(recipe(name).arn)
    assert description["name"] == name
    assert (
        describe.describe_algorithm(description["algorithmArn"])["algorithmArn"]
        == description["algorithmArn"]
    )
    transformation = describe.describe_feature_transformation(description["featureTransformationArn"])
    assert transformation["featureTransformationArn"] == description["featureTransformationArn"]


def test_documented_ranges_and_defaults_of_sims():
    algorithm = describe.describe_algorithm("arn:aws:personalize:::algorithm/aws-sims")
    assert algorithm["defaultHyperParameters"] == {
        "popularity_discount_factor": "0.5",
        "min_cointeraction_count": "3",
    }
    assert algorithm["defaultHyperParameterRanges"]["continuousHyperParameterRanges"] == [
        {"name": "popularity_discount_factor", "isTunable": True, "minValue": 0.0, "maxValue": 1.0}
    ]
    parameters = describe.describe_feature_transformation("arn:aws:personalize:::feature-transformation/sims")
    assert parameters["defaultParameters"]["max_item_interaction_count_percentile"] == "0.9"


def test_a_folder_without_a_model_is_refused_by_name(tmp_path):
    with pytest.raises(ValueError, match=str(tmp_path)):
        load_model(tmp_path)


def test_a_model_of_another_format_is_refused(tmp_path):
    (tmp_path / "model.json").write_text('{"format": 99, "recipe": "aws-sims"}')
    with pytest.raises(ValueError, match="format 99"):
        load_model(tmp_path)


def test_describing_everything_does_not_import_jax():
    code = (
        "import sys; from localpersonalize.recipes import describe; from localpersonalize.training import train;"
        "[describe.describe_recipe(r['recipeArn']) for r in describe.list_recipes()];"
        "sys.exit('jax' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=".").returncode == 0
