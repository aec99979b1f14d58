"""Resources and data as the runtime asks for them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import pyarrow as pa

from localpersonalize.data_directory import MODELS
from localpersonalize.database import Database
from localpersonalize.datasets.tables import OnDamage, Tables
from localpersonalize.resource_types import CAMPAIGN, DATASET, RECOMMENDER, SCHEMA, Resource, ResourceKind
from localpersonalize.runtime.deployment import group_of
from localpersonalize.runtime.histories import StreamedEvent


class RuntimeSources:
    """Implements `localpersonalize.runtime.interfaces`."""

    def __init__(
        self,
        database: Database,
        tables: Tables,
        model_folder: Callable[[str], Path],
        on_damage: OnDamage | None = None,
    ) -> None:
        """
        :param on_damage: called for data that can't be read, and that is left out; without it, that is an error.
        """
        self._database, self._tables, self.model_directory = database, tables, model_folder
        self._on_damage = on_damage

    def find(self, kind: ResourceKind[Resource], arn: str) -> Resource | None:
        return cast("Resource | None", self._database.get(arn, kind.name))

    def bulk_interactions(self, group_arn: str) -> pa.Table | None:
        group_arn, actions = group_of(group_arn)
        if actions:  # there are few enough to read those that came one by one with the others
            arn = self._dataset(group_arn, "ACTION_INTERACTIONS")
            return _as_items(self._tables.whole(arn, self._on_damage) if arn else None)
        arn = self._dataset(group_arn, "INTERACTIONS")
        return self._tables.bulk(arn, self._on_damage) if arn else None

    def streamed_events(self, group_arn: str) -> Iterator[StreamedEvent]:
        group_arn, actions = group_of(group_arn)
        if actions:
            return
        arn = self._dataset(group_arn, "INTERACTIONS")
        for record in self._tables.readable_events(arn) if arn else ():
            yield streamed_event(record)

    def items(self, group_arn: str) -> pa.Table | None:
        group_arn, actions = group_of(group_arn)
        arn = self._dataset(group_arn, "ACTIONS" if actions else "ITEMS")
        table = self._tables.whole(arn, self._on_damage) if arn else None
        return _as_items(table) if actions else table

    def users(self, group_arn: str) -> pa.Table | None:
        arn = self._dataset(group_of(group_arn)[0], "USERS")
        return self._tables.whole(arn, self._on_damage) if arn else None

    def schema(self, group_arn: str, dataset_type: str) -> Mapping[str, Any] | None:
        group_arn, actions = group_of(group_arn)
        arn = self._dataset(group_arn, "ACTIONS" if actions and dataset_type == "ITEMS" else dataset_type)
        dataset = self.find(DATASET, arn) if arn else None
        schema = self.find(SCHEMA, dataset["schemaArn"]) if dataset else None
        if schema is None:
            return None
        avro: Mapping[str, Any] = json.loads(schema["schema"])
        return avro

    def _dataset(self, group_arn: str, dataset_type: str) -> str | None:
        return dataset_of(self._database, group_arn, dataset_type)


def _as_items(table: pa.Table | None) -> pa.Table | None:
    """A table of actions with the name that the runtime knows ids by."""
    if table is None:
        return None
    return table.rename_columns(["ITEM_ID" if name == "ACTION_ID" else name for name in table.column_names])


def dataset_of(database: Database, group_arn: str, dataset_type: str) -> str | None:
    """ARN of a group's dataset of a type, None if it has none."""
    for dataset in database.all(DATASET.name, group_arn):
        if dataset["datasetType"].upper() == dataset_type.upper():
            return str(dataset["datasetArn"])
    return None


def recommenders_of(database: Database, group_arn: str) -> list[str]:
    """ARNs of the campaigns and recommenders of a dataset group."""
    campaigns = [
        body["campaignArn"] for body in database.all(CAMPAIGN.name) if body["_groupArn"] == group_arn
    ]
    return campaigns + [body["recommenderArn"] for body in database.all(RECOMMENDER.name, group_arn)]


def model_folder(data_dir: Path, version_arn: str) -> Path:
    """Where the model of a solution version, or of a recommender, is kept."""
    return data_dir / MODELS / version_arn.split(":", 5)[-1].replace("/", ".")


def streamed_event(record: Mapping[str, Any]) -> StreamedEvent:
    """A stored event as the runtime's histories take it."""
    return StreamedEvent(
        record.get("USER_ID"),
        record.get("SESSION_ID"),
        record["ITEM_ID"] if "ITEM_ID" in record else record["ACTION_ID"],
        record["TIMESTAMP"],
        record.get("EVENT_TYPE"),
        record.get("EVENT_VALUE"),
    )
