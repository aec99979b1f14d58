"""`python -m demo.sample postgresql://...`: a generated shop in a database that has none yet, for `docker compose`."""

from __future__ import annotations

import sys

from demo import product_database, shop

SOURCE = "a generated shop"


def fill(uri: str) -> bool:
    """Whether the shop was made now: a database that has a shop keeps it."""
    if product_database.loaded_source(uri):
        return False
    product_database.load(uri, shop.generate(), SOURCE)
    return True


if __name__ == "__main__":
    print("filled" if fill(sys.argv[1]) else "has a shop already")
