"""Operations by name. Importing a module of `resources` registers what it handles."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from localpersonalize.service import Service

Answer = Mapping[str, Any]
Operation = Callable[["Service", dict[str, Any]], Answer]
OPERATIONS: dict[str, Operation] = {}
AHEAD: dict[str, Callable[[Mapping[str, Any]], None]] = {}
"""What an operation that changes resources does with its parameters before it keeps others from changing them."""


def operation(
    name: str, ahead: Callable[[Mapping[str, Any]], None] | None = None
) -> Callable[[Operation], Operation]:
    """Register the function that answers an operation."""

    def register(handler: Operation) -> Operation:
        OPERATIONS[name] = handler
        if ahead:
            AHEAD[name] = ahead
        return handler

    return register


def load() -> Mapping[str, Operation]:
    """Every operation that is handled."""
    package = importlib.import_module("localpersonalize.resources")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")
    return OPERATIONS
