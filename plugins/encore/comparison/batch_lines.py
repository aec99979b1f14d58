"""The lines that a batch job is asked for a comparison, and its answers as lists.

A line names a user, or the last item before the cut for recipes of related items: the history behind a user is what
the service has imported, which ends at the cut. A ranking is asked to order the most popular items.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from encore.comparison.held_back import HeldBack
from encore.comparison.metrics import LENGTH

RANKED = 500  # the most popular items, as many as a ranking may have


def lines_of(held_back: HeldBack, columns: Sequence[str]) -> list[str]:
    """The lines of the batch job's input, one for each sampled user that the recipe can be asked about.

    :param columns: what a line is made of, as `encore.config.recipes.BATCH_COLUMNS` has it
    """
    if tuple(columns) == ("item_id",):
        numbers = np.unique(held_back.last_items[held_back.last_items >= 0])
        return [json.dumps({"itemId": str(held_back.items[number])}) for number in numbers]
    if tuple(columns) == ("user_id", "item_list"):
        ranked = [str(item) for item in held_back.items[held_back.popular[:RANKED]]]
        return [json.dumps({"userId": str(user), "itemList": ranked}) for user in held_back.users]
    return [json.dumps({"userId": str(user)}) for user in held_back.users]


def lists_of(held_back: HeldBack, lines: Iterable[bytes], columns: Sequence[str]) -> np.ndarray:
    """The answers of a batch job as numbers of items, (n, 25); a row of -1 for a user who got none.

    An item that nobody took on either side of the cut has no number and leaves an empty place: it is right for no one.
    """
    by_item = tuple(columns) == ("item_id",)
    answers: dict[str, list[Any]] = {}
    for line in lines:
        answer = json.loads(line) if line.strip() else {}
        if answer.get("output") and not answer.get("error"):
            answers[str(answer["input"]["itemId" if by_item else "userId"])] = answer["output"][
                "recommendedItems"
            ]
    numbers = {str(item): number for number, item in enumerate(held_back.items)}
    lists = np.full((len(held_back.users), LENGTH), -1)
    for row, user in enumerate(held_back.users):
        last = held_back.last_items[row]
        key = str(user) if not by_item else str(held_back.items[last]) if last >= 0 else None
        recommended = [numbers.get(str(item), -1) for item in answers.get(key or "", [])[:LENGTH]]
        lists[row, : len(recommended)] = recommended
    return lists
