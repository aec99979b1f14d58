import pyarrow as pa

from localpersonalize.recipes.base.model import Request
from localpersonalize.recipes.registry import load_model
from localpersonalize.training.train import train_solution_version
from tests.support.planted import tastes

SIMS = "arn:aws:personalize:::recipe/aws-sims"


def run(tmp_path, data=None, config=None, arn=SIMS, **more):
    return train_solution_version(data or tastes(), config or {}, arn, tmp_path / "model", **more)


def test_item_affinity_finds_the_users_of_an_items_kind(tmp_path):
    data = tastes(users=120, length=10)
    result = run(
        tmp_path, data, {"algorithmHyperParameters": {"hidden_dimension": "32"}}, "aws-item-affinity"
    )
    assert set(result.metrics) == {"coverage", "hits_at_1_percent", "recall_at_1_percent"}
    model = load_model(tmp_path / "model")
    assert model.needs == "segment"
    scores = model.score(
        [
            Request(history_items=model.items.index(h), history_times=pa.array([1, 2, 3]).to_numpy())
            for h in (["i0", "i8", "i4"], ["i1", "i9", "i5"])
        ]
    )
    red, blue = model.items.index(["i20", "i21"])
    assert scores[0, red] > scores[0, blue]
    assert scores[1, blue] > scores[1, red]
