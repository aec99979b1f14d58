"""Model files: JSON for what is small, one `.npy` an array, Arrow for ids; a version, and no pickle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from localpersonalize.recipes.base.vocabulary import Vocabulary

FORMAT_VERSION = 1
HEADER_FILE = "model.json"


class FormatError(ValueError):
    """A model of a format that this version does not read."""


def write(
    directory: Path, recipe: str, items: Vocabulary, arrays: Mapping[str, np.ndarray], **small: Any
) -> None:
    """Write a model's parts; `small` must be JSON."""
    items.save(directory / "items.arrow")
    for name, array in arrays.items():
        np.save(directory / f"{name}.npy", array, allow_pickle=False)
    header = {"format": FORMAT_VERSION, "recipe": recipe, "arrays": sorted(arrays), "small": small}
    (directory / HEADER_FILE).write_text(json.dumps(header, indent=1))


def read_header(directory: Path) -> dict[str, Any]:
    """What `write` was given besides arrays.

    :raises ValueError: if there is no model; `FormatError` if it is of another format.
    """
    path = directory / HEADER_FILE
    if not path.is_file():
        raise ValueError(
            f"{directory} holds no model: {HEADER_FILE} is missing. Train the solution version again."
        )
    header: dict[str, Any] = json.loads(path.read_text())
    if header.get("format") != FORMAT_VERSION:
        raise FormatError(
            f"{path} is of format {header.get('format')}; this version reads {FORMAT_VERSION}."
            " Train the solution version again."
        )
    return header


def read(directory: Path) -> tuple[Vocabulary, dict[str, np.ndarray], dict[str, Any]]:
    """The items, the arrays by name and the small values of a model."""
    header = read_header(directory)
    arrays = {name: np.load(directory / f"{name}.npy", allow_pickle=False) for name in header["arrays"]}
    return Vocabulary.load(directory / "items.arrow"), arrays, header["small"]
