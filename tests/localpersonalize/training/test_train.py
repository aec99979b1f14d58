import pytest

from localpersonalize.recipes.base.data import TrainingError
from localpersonalize.recipes.base.model import Request
from localpersonalize.recipes.base.options import TrainingOptions, TrainingStoppedError
from localpersonalize.recipes.registry import load_model
from localpersonalize.training.train import train_solution_version
from tests.support.planted import tastes

SIMS = "arn:aws:personalize:::recipe/aws-sims"


POPULAR = "arn:aws:personalize:::recipe/aws-popularity-count"


def run(tmp_path, data=None, config=None, arn=SIMS, **more):
    return train_solution_version(data or tastes(), config or {}, arn, tmp_path / "model", **more)


def test_a_solution_version_has_metrics_a_baseline_and_a_model(tmp_path):
    fractions = []
    options = TrainingOptions(progress=lambda fraction, message: fractions.append(fraction))
    result = run(tmp_path, options=options)
    ndcg = "normalized_discounted_cumulative_gain_at_25"
    assert result.metrics[ndcg] > result.baseline[ndcg] > 0
    assert result.hyperparameters["min_cointeraction_count"] == "3"
    assert result.best_hyperparameters is None
    assert result.training_hours > 0
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert load_model(tmp_path / "model").score([Request(item_id="i4")]).shape == (1, 60)


def test_a_model_that_is_not_complete_is_not_there(tmp_path):
    options = TrainingOptions(progress=lambda fraction, message: None, should_stop=lambda: True)
    with pytest.raises(TrainingStoppedError):
        run(tmp_path, options=options)
    assert not (tmp_path / "model").exists()


def test_a_new_model_replaces_what_a_killed_training_left(tmp_path):
    (tmp_path / "model.partial").mkdir()
    (tmp_path / "model.partial" / "rubbish.npy").write_text("half")
    run(tmp_path, arn=POPULAR)
    assert not (tmp_path / "model.partial").exists()
    assert not (tmp_path / "model" / "rubbish.npy").exists()


def test_recipes_that_cannot_update_or_optimise_say_so(tmp_path):
    with pytest.raises(TrainingError, match=r"aws-sims can't be trained with trainingMode UPDATE"):
        run(tmp_path, training_mode="UPDATE", previous_model_dir=tmp_path)
    with pytest.raises(ValueError, match="aws-sims takes no optimizationObjective"):
        run(
            tmp_path,
            config={"optimizationObjective": {"itemAttribute": "PRICE", "objectiveSensitivity": "LOW"}},
        )
