"""MovieLens 100K, read from a folder of the user's own into the shop's tables.

The files are those of https://grouplens.org/datasets/movielens/100k/ (`u.data`, `u.item`, `u.user`,
`u.genre`). Their licence does not allow passing them on, so none of them is part of the project.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from demo.product_database import ProductTables

FILES = ("u.data", "u.item", "u.user", "u.genre")
YEAR_OF_SURVEY = 1998


def read(folder: Path) -> ProductTables:
    """Read the four files.

    :raises FileNotFoundError: names the file that is missing and where to get it.
    """
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        raise FileNotFoundError(
            f"{folder} has no {', '.join(missing)}. DATA must be a folder with the files of MovieLens 100K"
            " (https://grouplens.org/datasets/movielens/100k/)."
        )
    return ProductTables(customers=_customers(folder), products=_products(folder), events=_events(folder))


def _customers(folder: Path) -> pd.DataFrame:
    users = pd.read_csv(
        folder / "u.user", sep="|", names=["id", "age", "gender", "occupation", "zip"], dtype={"zip": str}
    )
    return pd.DataFrame(
        {
            "id": users["id"],
            "name": "Viewer " + users["id"].astype(str),
            "born": [f"{YEAR_OF_SURVEY - age}-01-01" for age in users["age"]],
            "gender": users["gender"].map({"F": "female", "M": "male"}),
            "region": users["zip"].str[0],
            "segment": users["occupation"],
            "registered_at": "1997-09-01T00:00:00Z",
        }
    )


def _products(folder: Path) -> pd.DataFrame:
    genres = pd.read_csv(folder / "u.genre", sep="|", names=["name", "index"])["name"].tolist()
    columns = ["id", "title", "released", "video", "url", *genres]
    items = pd.read_csv(folder / "u.item", sep="|", names=columns, encoding="latin-1")
    released = pd.to_datetime(items["released"], format="%d-%b-%Y", utc=True)
    return pd.DataFrame(
        {
            "id": items["id"],
            "title": items["title"],
            "categories": [
                [genre for genre, flag in zip(genres, row, strict=True) if flag]
                for row in items[genres].to_numpy()
            ],
            "price": None,
            "wishlist_count": 0,
            "published_at": released,
        }
    )


def _events(folder: Path) -> pd.DataFrame:
    ratings = pd.read_csv(folder / "u.data", sep="\t", names=["user", "item", "stars", "time"])
    ratings = ratings.sort_values("time", kind="stable").reset_index(drop=True)
    return pd.DataFrame(
        {
            "id": ratings.index + 1,
            "customer_id": ratings["user"],
            "product_id": ratings["item"],
            "kind": "rating",
            "stars": ratings["stars"],
            "happened_at": pd.to_datetime(ratings["time"], unit="s", utc=True),
        }
    )
