"""The classes of a package that Airflow knows: its operators, sensors, transfers and triggers."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from typing import Any

from airflow.sdk import BaseOperator
from airflow.triggers.base import BaseTrigger


def modules_of(package: str) -> list[str]:
    """The dotted names of a package's modules, sorted."""
    folder = importlib.import_module(package)
    return sorted(module.name for module in pkgutil.walk_packages(folder.__path__, f"{package}."))


def classes_of(package: str, base: type = BaseOperator) -> list[type[Any]]:
    """The public, concrete classes of a package that derive from `base`, in the order of their names."""
    classes = {
        value
        for module in modules_of(package)
        for name, value in vars(importlib.import_module(module)).items()
        if inspect.isclass(value)
        and issubclass(value, base)
        and value.__module__ == module
        and not name.startswith("_")
        and not inspect.isabstract(value)
    }
    return sorted(classes, key=lambda cls: cls.__qualname__)


def triggers_of(package: str) -> list[type[Any]]:
    return classes_of(package, BaseTrigger)


def required_arguments(kind: type[Any]) -> Iterator[str]:
    """The parameters without a default, of a class and of those that its `**kwargs` go to."""
    seen = set()
    for owner in kind.__mro__:
        if owner is BaseOperator or "__init__" not in vars(owner):
            continue
        for name, parameter in inspect.signature(owner.__init__).parameters.items():
            if name == "self" or name in seen or parameter.kind is parameter.VAR_KEYWORD:
                continue
            seen.add(name)
            if parameter.default is parameter.empty:
                yield name
        if not any(p.kind is p.VAR_KEYWORD for p in inspect.signature(owner.__init__).parameters.values()):
            return
