import pyarrow as pa
import pytest

from localpersonalize.recipes.base.data import TrainingData, TrainingError
from localpersonalize.recipes.base.model import Request
from localpersonalize.recipes.base.options import TrainingOptions, TrainingStoppedError
from localpersonalize.recipes.registry import load_model, recipe
from localpersonalize.training import hpo
from localpersonalize.training.train import parse_hyperparameters, train_solution_version
from tests.support.planted import chain, tastes

SIMS = "arn:aws:personalize:::recipe/aws-sims"
POPULAR = "arn:aws:personalize:::recipe/aws-popularity-count"


def run(tmp_path, data=None, config=None, arn=SIMS, **more):
    return train_solution_version(data or tastes(), config or {}, arn, tmp_path / "model", **more)


def test_a_solution_version_has_metrics_a_baseline_and_a_model(tmp_path):
    told = []
    options = TrainingOptions(progress=lambda fraction, message: told.append(fraction))
    result = run(tmp_path, options=options)
    ndcg = "normalized_discounted_cumulative_gain_at_25"
    assert result.metrics[ndcg] > result.baseline[ndcg] > 0
    assert result.hyperparameters["min_cointeraction_count"] == "3"
    assert result.best_hyperparameters is None
    assert result.training_hours > 0
    assert told == sorted(told)
    assert told[-1] == 1.0
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


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (chain(users=20, length=10), "fewer than 1000 interactions"),
        (chain(users=10, length=200), "fewer than 25 users with at least 2"),
    ],
)
def test_too_little_data_is_refused_in_the_services_words(tmp_path, data, text):
    with pytest.raises(TrainingError, match=text):
        run(tmp_path, data)


def with_types(values=True) -> TrainingData:
    """Everything is clicked; what was bought is worth 5 or more; item i0 is bought by everybody."""
    data = tastes(users=150, length=14)
    users = data.interactions["USER_ID"].to_pylist()
    kinds = [
        "buy" if item == "i0" else ("click", "view")[n % 2]
        for n, item in enumerate(data.interactions["ITEM_ID"].to_pylist())
    ]
    table = data.interactions.append_column("EVENT_TYPE", pa.array(kinds))
    if values:
        table = table.append_column("EVENT_VALUE", pa.array([float(n % 10) for n in range(len(users))]))
    return TrainingData(table)


def test_only_the_chosen_event_type_trains(tmp_path):
    run(tmp_path, with_types(), arn=POPULAR, event_type="click")
    assert "i0" not in load_model(tmp_path / "model").items


def test_only_events_that_reach_the_threshold_train(tmp_path):
    data = with_types()
    run(tmp_path, data, {"eventValueThreshold": "4"}, arn=POPULAR)
    kept = sum(value >= 4 for value in data.interactions["EVENT_VALUE"].to_pylist())
    users = load_model(tmp_path / "model").users
    assert 0 < users.sum() <= kept


def test_event_weights_leave_out_unnamed_types_and_weigh_the_others():
    from localpersonalize.recipes.base.data import WEIGHT
    from localpersonalize.training.data_selection import select

    events = [{"eventType": "click", "weight": 0.25}, {"eventType": "view", "eventValueThreshold": 5.0}]
    table = select(with_types(), None, {"eventsConfig": {"eventParametersList": events}}).interactions
    pairs = set(zip(table["EVENT_TYPE"].to_pylist(), table[WEIGHT].to_pylist(), strict=True))
    assert pairs == {("click", 0.25), ("view", 1.0)}
    views = table.filter(pa.compute.equal(table["EVENT_TYPE"], "view"))
    assert min(views["EVENT_VALUE"].to_pylist()) == 5.0


def test_excluded_columns_do_not_train_and_keys_stay():
    from localpersonalize.training.data_selection import select

    config = {"trainingDataConfig": {"excludedDatasetColumns": {"ITEMS": ["genre", "item_id"]}}}
    assert select(tastes(), None, config).items.column_names == ["ITEM_ID"]
    included = {"trainingDataConfig": {"includedDatasetColumns": {"Items": ["GENRE"]}}}
    assert select(tastes(), None, included).items.column_names == ["ITEM_ID", "GENRE"]


@pytest.mark.parametrize(
    ("config", "event_type", "text"),
    [
        ({}, "click", "no EVENT_TYPE"),
        ({"eventValueThreshold": "1"}, None, "no EVENT_VALUE"),
        ({"trainingDataConfig": {"excludedDatasetColumns": {"items": ["COLOUR"]}}}, None, "column COLOUR"),
    ],
)
def test_what_the_data_does_not_have_is_named(tmp_path, config, event_type, text):
    with pytest.raises(TrainingError, match=text):
        run(tmp_path, config=config, event_type=event_type)


def test_recipes_that_cannot_update_or_optimise_say_so(tmp_path):
    with pytest.raises(TrainingError, match=r"aws-sims can't be trained with trainingMode UPDATE"):
        run(tmp_path, training_mode="UPDATE", previous_model_dir=tmp_path)
    with pytest.raises(ValueError, match="aws-sims takes no optimizationObjective"):
        run(
            tmp_path,
            config={"optimizationObjective": {"itemAttribute": "PRICE", "objectiveSensitivity": "LOW"}},
        )


def test_the_search_finds_a_planted_optimum():
    ranges = [
        hpo.Range("x", 0.0, 1.0),
        hpo.Range("n", 0, 10, integer=True),
        hpo.Range("b", values=("true", "false")),
    ]

    def worth(values):
        return -abs(float(values["x"]) - 0.8) - abs(int(values["n"]) - 7) / 10 + (values["b"] == "true")

    start = {"x": "0.1", "n": "0", "b": "false", "kept": "1"}
    found = hpo.search(ranges, start, worth, 40, 3, lambda *_: None)
    assert worth(found) > -0.25 + 1
    assert found["kept"] == "1"
    assert hpo.search(ranges, start, worth, 1, 3, lambda *_: None) == start


def test_hyperparameter_optimisation_reports_its_best_and_trains_with_it(tmp_path):
    config = {
        "hpoConfig": {
            "hpoResourceConfig": {"maxNumberOfTrainingJobs": "4", "maxParallelTrainingJobs": "1"},
            "algorithmHyperParameterRanges": {
                "continuousHyperParameterRanges": [
                    {"name": "popularity_discount_factor", "minValue": 0.2, "maxValue": 0.8}
                ]
            },
        },
        "algorithmHyperParameters": {"min_cointeraction_count": "2"},
    }
    told = []
    options = TrainingOptions(progress=lambda fraction, message: told.append(message))
    result = run(tmp_path, config=config, perform_hpo=True, options=options)
    assert sum("training job" in message for message in told) == 4
    assert result.best_hyperparameters == result.hyperparameters
    assert result.best_hyperparameters["min_cointeraction_count"] == "2"
    assert 0.2 <= float(result.best_hyperparameters["popularity_discount_factor"]) <= 0.8


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


def test_item_affinity_finds_the_users_of_an_items_kind(tmp_path):
    data = tastes(users=120, length=10)
    result = run(
        tmp_path, data, {"algorithmHyperParameters": {"hidden_dimension": "32"}}, "aws-item-affinity"
    )
    assert set(result.metrics) == {"hit_at_k", "recall_at_k"}
    model = load_model(tmp_path / "model")
    assert model.needs == "segment"
    scores = model.score(
        [Request(history_items=model.items.index(h), history_times=pa.array([1, 2, 3]).to_numpy())
         for h in (["i0", "i8", "i4"], ["i1", "i9", "i5"])]
    )  # fmt: skip
    red, blue = model.items.index(["i20", "i21"])
    assert scores[0, red] > scores[0, blue]
    assert scores[1, blue] > scores[1, red]
