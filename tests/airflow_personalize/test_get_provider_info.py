"""What the provider tells Airflow of itself: by Airflow's schema, whole, and importable."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import airflow
import jsonschema
import pytest
from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook
from airflow.providers.amazon.get_provider_info import get_provider_info as amazon_info
from airflow.providers.common.sql.get_provider_info import get_provider_info as sql_info
from airflow.sdk import BaseOperator
from airflow.triggers.base import BaseTrigger

from airflow_personalize.get_provider_info import get_provider_info
from airflow_personalize.links import PersonalizeResourceLink
from tests.support.airflow_classes import modules_of

INFO = get_provider_info()
BASES = ("base", "_base")  # hold no class that a DAG names


def listed(section: str) -> list[str]:
    return [module for entry in INFO[section] for module in entry["python-modules"]]


def test_it_is_as_airflow_s_schema_says():
    schema = json.loads((Path(airflow.__file__).parent / "provider_info.schema.json").read_text())
    jsonschema.validate(INFO, schema)


@pytest.mark.parametrize("section", ["operators", "sensors"])
def test_every_module_is_listed(section):
    modules = [name for name in modules_of(f"airflow_personalize.{section}") if not name.endswith(BASES)]
    assert listed(section) == modules


def test_every_transfer_is_listed():
    with_operators = [
        name
        for name in modules_of("airflow_personalize.transfers")
        if not name.endswith(BASES)
        and any(
            isinstance(value, type) and issubclass(value, BaseOperator) and value.__module__ == name
            for attribute, value in vars(importlib.import_module(name)).items()
            if attribute.startswith(("Personalize", "SqlTo"))
        )
    ]
    assert [entry["python-module"] for entry in INFO["transfers"]] == with_operators


@pytest.mark.parametrize(("section", "base"), [("hooks", AwsBaseHook), ("triggers", BaseTrigger)])
def test_hooks_and_triggers_are_listed(section, base):
    for module in listed(section):
        classes = vars(importlib.import_module(module)).values()
        assert [kind for kind in classes if isinstance(kind, type) and issubclass(kind, base)]


def test_links_are_listed_by_their_class():
    assert INFO["extra-links"] == [f"{PersonalizeResourceLink.__module__}.{PersonalizeResourceLink.__name__}"]


def test_every_integration_is_one_of_this_provider_or_of_those_it_needs():
    known = {
        entry["integration-name"]
        for info in (INFO, amazon_info(), sql_info())
        for entry in info.get("integrations", [])
    }
    named = {
        value
        for section in ("hooks", "triggers", "operators", "sensors", "transfers")
        for entry in INFO[section]
        for key, value in entry.items()
        if key.endswith("integration-name")
    }
    assert named <= known
