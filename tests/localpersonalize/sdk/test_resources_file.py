"""A JSON file of resources: what is wrong in it is named with its field."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from localpersonalize.sdk.resources_file import ResourcesFileError, read

WHOLE = {
    "datasetGroups": [
        {
            "name": "shop",
            "datasets": {
                "Interactions": "i.csv",
                "Items": {"data": "items.csv", "schema": {"type": "record"}},
            },
            "eventTracker": "clicks",
            "filters": {"red": 'INCLUDE ItemID WHERE Items.C IN ("red")'},
            "solutions": {"popular": {"recipe": "aws-popularity-count", "campaign": "front"}},
        }
    ]
}


def written(folder: Path, content: Any) -> Path:
    file = folder / "shop.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return file


def test_a_whole_file_is_read(tmp_path: Path) -> None:
    (group,) = read(written(tmp_path, WHOLE)).datasetGroups
    assert (group.name, group.eventTracker, group.solutions["popular"].campaign) == (
        "shop",
        "clicks",
        "front",
    )


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "is no JSON"),
        ({}, "datasetGroups: Field required"),
        ({"datasetGroups": [{"name": "a", "datasetz": {}}]}, "datasetGroups.0.datasetz: Extra inputs"),
        ({"datasetGroups": [{"name": "a", "solutions": {"s": {}}}]}, "solutions.s.recipe: Field required"),
    ],
)
def test_what_is_wrong_is_named_with_file_and_field(tmp_path: Path, content: Any, says: str) -> None:
    file = written(tmp_path, content)
    with pytest.raises(ResourcesFileError, match=says) as raised:
        read(file)
    assert str(file) in str(raised.value)
