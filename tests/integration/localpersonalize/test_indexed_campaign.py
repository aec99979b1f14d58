"""A catalogue so large that a campaign answers from an index, asked through boto3: lists are as full, as filtered and
as good as those of a look at every item.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from localpersonalize.recipes.base.item_index import MIN_ITEMS, IndexedScores
from localpersonalize.recipes.base.model import Model, Request
from localpersonalize.recipes.registry import load_model
from tests.support.localpersonalize.live import Live, schema
from tests.support.localpersonalize.shop import INTERACTIONS, NEWEST_TIMESTAMP, RECIPE, Shop

pytestmark = [pytest.mark.long, pytest.mark.timeout(1_200)]

N_ITEMS = MIN_ITEMS + 5_000
N_USERS, EVENTS_PER_USER, N_READ = 400, 20, 2_000
TASTES = 8
#: Shares of the catalogue; a look at all of a kind, at the cells that hold many of it, or at those that promise most.
KINDS = {"rare": 0.0004, "some": 0.1, "many": 0.3, "most": 0.5996}
ITEMS = schema(
    "Items",
    ("ITEM_ID", "string"),
    {"name": "KIND", "type": "string", "categorical": True},
    {"name": "TASTE", "type": "string", "categorical": True},
    ("PRICE", "float"),
    ("CREATION_TIMESTAMP", "long"),
)
FILTERS = {
    "rare": 'INCLUDE ItemID WHERE Items.KIND IN ("rare")',
    "some": 'INCLUDE ItemID WHERE Items.KIND IN ("some")',
    "many": 'INCLUDE ItemID WHERE Items.KIND IN ("many")',
    "most": 'INCLUDE ItemID WHERE Items.KIND IN ("most")',
    "not-most": 'EXCLUDE ItemID WHERE Items.KIND IN ("most")',
    "others-taste": 'INCLUDE ItemID WHERE Items.TASTE IN ("t1")',
    "unread": 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("Purchase")',
    "cheap": "INCLUDE ItemID WHERE Items.PRICE < $PRICE",
}


@dataclass
class Catalogue:
    live: Live
    version: str
    campaign: str
    filters: dict[str, str]
    kind: np.ndarray
    taste: np.ndarray
    price: np.ndarray
    created: np.ndarray
    read: dict[str, list[int]]
    model: Model

    def recommendations(self, user: str, count: int, **params: Any) -> list[dict[str, Any]]:
        runtime = self.live.client("personalize-runtime")
        wanted = {"campaignArn": self.campaign, "userId": user, "numResults": count, **params}
        return list(runtime.get_recommendations(**wanted)["itemList"])

    def filtered(self, name: str, user: str, count: int) -> list[dict[str, Any]]:
        values = {"filterValues": {"PRICE": "10"}} if name == "cheap" else {}
        return self.recommendations(user, count, filterArn=self.filters[name], **values)

    def allowed(self, name: str, user: str) -> np.ndarray:
        """Which items the filter lets through, bool [items]: worked out here from what was imported."""
        is_allowed: np.ndarray
        if name in KINDS:
            is_allowed = self.kind == name
        elif name == "not-most":
            is_allowed = self.kind != "most"
        elif name == "others-taste":
            is_allowed = self.taste == "t1"
        elif name == "cheap":
            is_allowed = self.price < 10
        else:
            is_allowed = np.ones(N_ITEMS, bool)
            is_allowed[self.read[user]] = False
        return is_allowed

    def scores(self, user: str) -> np.ndarray:
        """Of every item, float [items] in the order in which they were imported."""
        history = self.model.items.index_of
        indices = np.array([history(f"i{item}") for item in self.read[user]], np.int32)
        request = Request(user, history_items=indices, history_times=times())
        row = self.model.score([request])[0]
        return np.asarray(row[[self.model.items.index_of(f"i{item}") for item in range(N_ITEMS)]])


def times() -> np.ndarray:
    return NEWEST_TIMESTAMP - 60 * np.arange(EVENTS_PER_USER)[::-1]


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalogue]:
    folder: Path = tmp_path_factory.mktemp("indexed")
    live = Live(folder / "data").start()
    try:
        yield _made(live)
    finally:
        live.stop()


def _made(live: Live) -> Catalogue:
    rng = np.random.default_rng(0)
    kind = rng.choice(list(KINDS), N_ITEMS, p=list(KINDS.values()))
    taste = np.char.add("t", rng.integers(0, TASTES, N_ITEMS).astype(str))
    price = np.round(rng.uniform(1, 100, N_ITEMS), 2)
    created = NEWEST_TIMESTAMP - rng.permutation(N_ITEMS)
    read = {}
    for user in range(N_USERS):
        own = np.flatnonzero(taste[:N_READ] == f"t{user % TASTES}")
        read[f"u{user}"] = rng.choice(own, EVENTS_PER_USER, replace=False).tolist()
    rows = [
        f"{user},i{item},Purchase,1,{when}"
        for user, items in read.items()
        for item, when in zip(items, times().tolist(), strict=True)
    ]
    catalogue_rows = [f"i{n},{kind[n]},{taste[n]},{price[n]},{created[n]}" for n in range(N_ITEMS)]
    shop = Shop(live, live.prepare())
    group = live.make("DatasetGroup", name="indexed")
    for dataset, shape, header, lines in (
        ("Items", ITEMS, "ITEM_ID,KIND,TASTE,PRICE,CREATION_TIMESTAMP", catalogue_rows),
        ("Interactions", INTERACTIONS, "USER_ID,ITEM_ID,EVENT_TYPE,EVENT_VALUE,TIMESTAMP", rows),
    ):
        shop[f"dataset {dataset}"] = live.make(
            "Dataset",
            name=dataset,
            datasetGroupArn=group,
            datasetType=dataset,
            schemaArn=live.make("Schema", wait=False, name=dataset, schema=shape),
        )
        shop.import_csv(dataset, dataset, "\n".join([header, *lines]))
    solution = live.make(
        "Solution",
        name="indexed",
        datasetGroupArn=group,
        recipeArn=RECIPE + "aws-hrnn-metadata",
        performAutoTraining=False,
    )
    version = live.make("SolutionVersion", solutionArn=solution)
    folder = live.data_dir / "models" / version.split(":")[-1].replace("/", ".")
    model = load_model(folder)
    model.build_index()
    return Catalogue(
        live,
        version,
        live.make("Campaign", name="indexed", solutionVersionArn=version),
        {
            name: live.make("Filter", name=name, datasetGroupArn=group, filterExpression=expression)
            for name, expression in FILTERS.items()
        },
        kind,
        taste,
        price,
        created,
        read,
        model,
    )


USERS = [f"u{n}" for n in range(0, N_USERS, 40)]


def test_the_catalogue_is_answered_from_an_index(catalogue: Catalogue) -> None:
    assert len(catalogue.model.items) >= MIN_ITEMS
    (scores,) = catalogue.model.scores_for([Request("u0")])
    assert isinstance(scores, IndexedScores)


@pytest.mark.parametrize("name", FILTERS)
def test_a_filtered_list_is_full_and_as_good_as_a_look_at_every_item(catalogue: Catalogue, name: str) -> None:
    shares = []
    for user in USERS:
        allowed, scores = catalogue.allowed(name, user), catalogue.scores(user)
        may = np.where(allowed, scores, -np.inf)
        possible = int(np.count_nonzero(may > -np.inf))
        for count in (1, 25, 500):
            listed = catalogue.filtered(name, user, count)
            items = [int(item["itemId"][1:]) for item in listed]
            assert len(set(items)) == len(items) == min(count, possible)
            assert allowed[items].all()
            assert (np.diff([item["score"] for item in listed]) <= 0).all()
            # Items of one score may stand in another order: what counts is how good the list is.
            worst = np.sort(may)[-len(items)]
            shares.append(float(np.mean(scores[items] >= worst - 1e-4)))
    assert np.mean(shares) >= 0.99


def test_a_list_without_a_filter_has_the_scores_of_a_look_at_every_item(catalogue: Catalogue) -> None:
    errors = []
    for user in USERS:
        scores = catalogue.scores(user).astype(np.float64)
        exact = np.exp(scores - scores.max())
        exact /= exact.sum()
        for item in catalogue.recommendations(user, 25):
            errors.append(abs(item["score"] / exact[int(item["itemId"][1:])] - 1))
    assert np.mean(errors) < 0.05


def test_promoted_items_are_those_of_the_promotions_filter(catalogue: Catalogue) -> None:
    promotion = {
        "name": "rare",
        "percentPromotedItems": 40,
        "filterArn": catalogue.filters["rare"],
    }
    for user in USERS:
        listed = catalogue.recommendations(user, 25, promotions=[promotion])
        promoted = [item for item in listed if item.get("promotionName") == "rare"]
        assert len(listed) == 25
        assert len(promoted) == 10
        assert all(catalogue.kind[int(item["itemId"][1:])] == "rare" for item in promoted)


def test_influenced_lists_are_the_fresher_and_the_more_popular_and_still_filtered(
    catalogue: Catalogue,
) -> None:
    popularity = np.bincount(np.concatenate(list(catalogue.read.values())), minlength=N_ITEMS)
    for influence, values in (("FRESHNESS", catalogue.created), ("POPULARITY", popularity)):
        campaign = catalogue.live.make(
            "Campaign",
            name=influence.lower(),
            solutionVersionArn=catalogue.version,
            campaignConfig={"rankingInfluence": {influence: 1.0}},
        )
        for user in USERS:
            lists = [
                catalogue.recommendations(user, 25, campaignArn=arn, filterArn=catalogue.filters["many"])
                for arn in (catalogue.campaign, campaign)
            ]
            of = [[int(item["itemId"][1:]) for item in listed] for listed in lists]
            assert (catalogue.kind[of[1]] == "many").all()
            assert len(set(of[1])) == 25
            assert values[of[1]].sum() > values[of[0]].sum(), (influence, user)
