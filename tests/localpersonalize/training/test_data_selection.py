import pyarrow as pa
import pytest

from localpersonalize.recipes.base.data import TrainingData, TrainingError
from localpersonalize.recipes.registry import load_model
from localpersonalize.training.train import train_solution_version
from tests.support.planted import chain, tastes

SIMS = "arn:aws:personalize:::recipe/aws-sims"


POPULAR = "arn:aws:personalize:::recipe/aws-popularity-count"


def run(tmp_path, data=None, config=None, arn=SIMS, **more):
    return train_solution_version(data or tastes(), config or {}, arn, tmp_path / "model", **more)


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
    above_threshold = sum(value >= 4 for value in data.interactions["EVENT_VALUE"].to_pylist())
    users = load_model(tmp_path / "model").users
    assert 0 < users.sum() <= above_threshold


def test_event_weights_leave_out_unnamed_types_and_weigh_the_others():
    from localpersonalize.recipes.base.data import WEIGHT_COLUMN
    from localpersonalize.training.data_selection import select

    events = [{"eventType": "click", "weight": 0.25}, {"eventType": "view", "eventValueThreshold": 5.0}]
    table = select(with_types(), None, {"eventsConfig": {"eventParametersList": events}}).interactions
    pairs = set(zip(table["EVENT_TYPE"].to_pylist(), table[WEIGHT_COLUMN].to_pylist(), strict=True))
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
