"""Visitors react by the tastes that the generated shop hides, alike for the same seed, and put events as documented."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from demo import shop, visitors

SIZE = shop.ShopSize(customers=400, products=240, events=20_000, days=20)
CAMPAIGNS = ("arn:aws:personalize:r:1:campaign/popular", "arn:aws:personalize:r:1:campaign/personal")


@pytest.fixture(scope="module")
def tastes():
    return shop.hidden_tastes(SIZE, seed=3)


class Runtime:
    """Recommends the products of the category that a customer likes most, from one campaign, and any from the other."""

    def __init__(self, tastes):
        self.tastes = tastes

    def get_recommendations(self, campaignArn, userId, numResults):
        products = np.arange(1, SIZE.products + 1)
        if campaignArn == CAMPAIGNS[1]:
            favourite = self.tastes.by_category[int(userId) - 1].argmax()
            products = products[self.tastes.category == favourite]
        selected = np.random.default_rng(int(userId)).permutation(products)[:numResults]
        return {
            "itemList": [{"itemId": str(item)} for item in selected],
            "recommendationId": f"RID-{campaignArn[-8:]}-{userId}",
        }


def visits(tastes, seed=1, after=lambda visit: None):
    users = visitors.visitors(tastes, 300, seed)
    return visitors.visit_all(tastes, users, CAMPAIGNS, Runtime(tastes), seed, after=after)


def test_the_hidden_tastes_are_those_behind_the_events(tastes):
    events = shop.generate(SIZE, seed=3).events.dropna(subset=["customer_id", "product_id"])
    events = events[events["product_id"] <= SIZE.products]
    liked = [
        tastes.liking(int(customer), int(product))
        for customer, product in zip(events["customer_id"], events["product_id"], strict=True)
    ]
    others = [
        tastes.liking(1 + int(customer) % SIZE.customers, int(product))
        for customer, product in zip(events["customer_id"], events["product_id"], strict=True)
    ]
    assert np.mean(liked) > 3 * np.mean(others)
    assert tastes.liking(1, SIZE.products + 999) == 0


def test_the_recommender_that_knows_tastes_sells_more(tastes):
    sold = {campaign: [] for campaign in CAMPAIGNS}
    for visit in visits(tastes):
        sold[visit.campaign].append(len(visit.reaction.bought))
    assert min(map(len, sold.values())) > 100, "half of the users each"
    assert np.mean(sold[CAMPAIGNS[1]]) > 2 * np.mean(sold[CAMPAIGNS[0]])


def test_as_many_see_the_challenger_as_the_experiment_says(tastes):
    users = visitors.visitors(tastes, 300, 1)
    for share, least, most in ((0.0, 0, 0), (0.2, 35, 85), (1.0, 300, 300)):
        done = visitors.visit_all(tastes, users, CAMPAIGNS, Runtime(tastes), 1, "home", share)
        assert least <= sum(visit.campaign == CAMPAIGNS[1] for visit in done) <= most


def test_the_same_seed_gives_the_same_visits(tastes):
    assert visits(tastes) == visits(tastes)
    assert visits(tastes) != visits(tastes, seed=2)


def test_each_event_names_its_answer_and_what_was_shown(tastes):
    sent = []

    class Events:
        def put_events(self, **request):
            sent.append(request)

    prices = {str(item): item / 2 for item in range(1, SIZE.products + 1)}
    done = visits(tastes, after=visitors.put_events(Events(), "tracker", prices))
    by_user = {visit.user: visit for visit in done}
    kinds = Counter()
    for request in sent:
        visit = by_user[request["userId"]]
        assert len(request["eventList"]) <= 10, "as many as one request takes"
        for event in request["eventList"]:
            kinds[event["eventType"]] += 1
            assert event["recommendationId"] == visit.recommendation_id
            assert event["impression"] == visit.items
            assert event.get("eventValue") == (
                prices[event["itemId"]] if event["eventType"] == "purchase" else None
            )
    assert kinds["view"] == sum(len(visit.reaction.viewed) for visit in done)
    assert kinds["purchase"] == sum(len(visit.reaction.bought) for visit in done) > 0
    assert Counter(kind for _, _, kind in visitors.rows(done)) == kinds
