"""The JSON Schema that editors complete the pipeline file with."""

from __future__ import annotations

import yaml

from encore.config import INCLUDE, PIPELINE_FILE
from encore.config.json_schema import SCHEMA_FILE, json_schema


def test_the_schema_for_editors_is_up_to_date_and_named_by_the_file():
    assert (INCLUDE / SCHEMA_FILE).read_text() == json_schema(), "run: python -m encore.config schema"
    assert f"$schema={SCHEMA_FILE}" in PIPELINE_FILE.read_text().splitlines()[0]


def test_the_schema_accepts_the_file_and_refuses_an_unknown_key():
    import json

    import jsonschema

    validator = jsonschema.Draft202012Validator(json.loads(json_schema()))
    content = yaml.safe_load(PIPELINE_FILE.read_text())
    assert not list(validator.iter_errors(content))
    content["dataset_groups"][0]["solutions"][0]["gates"] = {}
    assert list(validator.iter_errors(content))
