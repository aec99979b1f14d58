"""Views of a shop's items, for dataset groups of the ECOMMERCE domain."""

from __future__ import annotations

import random
from typing import Any

VIEWS = "views/part-0.csv"


def views_schema() -> dict[str, Any]:
    """The smallest schema that the domain takes."""
    names = {"USER_ID": "string", "ITEM_ID": "string", "EVENT_TYPE": "string", "TIMESTAMP": "long"}
    return {
        "type": "record",
        "name": "Interactions",
        "namespace": "com.amazonaws.personalize.schema",
        "fields": [{"name": name, "type": kind} for name, kind in names.items()],
        "version": "1.0",
    }


def views(rows: int = 1500, users: int = 50, items: int = 40) -> str:
    """A CSV of enough views and purchases for the domain's recommenders."""
    chance = random.Random(8)
    lines = ["USER_ID,ITEM_ID,EVENT_TYPE,TIMESTAMP"]
    for row in range(rows):
        event = "Purchase" if row % 5 == 0 else "View"
        lines.append(
            f"u{chance.randrange(users)},i{chance.randrange(items)},{event},{1_700_000_000 + row * 60}"
        )
    return "\n".join(lines) + "\n"
