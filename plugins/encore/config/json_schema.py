"""The JSON Schema of the pipeline file, for editors."""

from __future__ import annotations

import json

from encore.config.models import Pipeline

SCHEMA_FILE = "pipeline.schema.json"


def json_schema() -> str:
    """The schema as the text of its file."""
    schema = Pipeline.model_json_schema(by_alias=True)
    schema |= {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Encore pipeline"}
    return json.dumps(schema, indent=1, sort_keys=True) + "\n"
