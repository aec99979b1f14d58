"""The offline evaluation of user segments: who was predicted to take an item, or items with an attribute, and who did.

Each user's oldest 80% of the events are known and the newest 20% the truth; the segment of a query is the one percent
of all users most likely to take it. Source: the developer guide, "Evaluating a solution version with metrics".
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import scipy.sparse as sp

from localpersonalize.evaluation.metrics import segment_metrics
from localpersonalize.recipes.base.data import TrainingData
from localpersonalize.recipes.base.features import Features
from localpersonalize.recipes.base.interactions import EventLog
from localpersonalize.recipes.base.model import Model, Request
from localpersonalize.recipes.base.ranking import top_k_of_rows
from localpersonalize.recipes.base.recipe import Recipe

SEGMENT_SHARE = 0.01  # of the users
SCORES_IN_MEMORY = 16_000_000
BY_ATTRIBUTE = "aws-item-attribute-affinity"


def measure(recipe: Recipe, model: Model, known: TrainingData, later: TrainingData) -> dict[str, float]:
    """`coverage`, `hits_at_1_percent` and `recall_at_1_percent` over the queries that anybody took in the test data.

    :param known: each user's oldest events, which the model was trained on.
    :param later: the rest.
    """
    log, test = EventLog.of(known, model.items), EventLog.of(later, model.items)
    by_attribute = recipe.name == BY_ATTRIBUTE
    queries = _attributes(known, model) if by_attribute else sp.eye_array(len(model.items)).tocsr()
    user_of = log.users.index(test.users.array)[test.user]
    interactions = sp.csr_array(
        (np.ones(len(test), np.float32), (test.item, user_of)), (len(model.items), len(log.users))
    )
    takers = sp.csr_array(queries @ interactions)
    nonempty = np.flatnonzero(np.diff(takers.indptr))
    truth = [
        set(takers.indices[takers.indptr[query] : takers.indptr[query + 1]].tolist()) for query in nonempty
    ]
    size = max(1, round(SEGMENT_SHARE * len(log.users)))
    return segment_metrics(_segments(model, log, queries[nonempty], size), truth, len(log.users))


def _attributes(data: TrainingData, model: Model) -> sp.csr_array:
    """float32 [attributes, items]: 1 where an item of the dataset has the value in a categorical column."""
    table = data.items
    features = Features.fit(
        table, data.schemas.get("items"), [] if table is None else sorted(table.column_names)
    )
    columns = Features(tuple(column for column in features.columns if column.categories))
    if table is None or not columns.width:
        return sp.csr_array((0, len(model.items)), dtype=np.float32)
    indices = model.items.index(table["ITEM_ID"])
    has = sp.coo_array(columns.encode(table))
    row, column = has.coords
    inside = indices[row] >= 0
    entries = (np.ones(int(inside.sum()), np.float32), (column[inside], indices[row[inside]]))
    return sp.csr_array(entries, (columns.width, len(model.items)))


def _segments(model: Model, log: EventLog, queries: sp.csr_array, size: int) -> list[set[int]]:
    """The `size` users most likely to take something of each query; all users are looked at, a part at a time."""
    count = queries.shape[0]
    best = np.empty((count, 0), np.float32)
    users = np.empty((count, 0), np.int64)
    part = max(1, SCORES_IN_MEMORY // max(1, len(model.items) + count))
    for start, probabilities in _probabilities(model, log, part):
        likelihood = np.asarray(queries @ probabilities.T, np.float32)
        numbers = np.broadcast_to(np.arange(start, start + len(probabilities)), likelihood.shape)
        best, users = np.hstack([best, likelihood]), np.hstack([users, numbers])
        top, _ = top_k_of_rows(best, min(size, best.shape[1]))
        top = top.reshape(count, -1)
        best, users = np.take_along_axis(best, top, 1), np.take_along_axis(users, top, 1)
    return [set(segment.tolist()) for segment in users]


def _probabilities(model: Model, log: EventLog, part: int) -> Iterator[tuple[int, np.ndarray]]:
    """The first user of a part, and float32 [users, items]: the chance that a user's next item is each of the items."""
    user_ids = log.users.array.to_pylist()
    for start in range(0, len(user_ids), part):
        requests = [
            Request(
                user_id=user_ids[user],
                history_items=log.item[log.starts[user] : log.starts[user + 1]],
                history_times=log.time[log.starts[user] : log.starts[user + 1]],
            )
            for user in range(start, min(start + part, len(user_ids)))
        ]
        logits = model.score(requests)
        probabilities: np.ndarray = np.exp(logits - logits.max(axis=1, keepdims=True))
        yield start, probabilities / probabilities.sum(axis=1, keepdims=True)
