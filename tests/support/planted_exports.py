"""Exports of a small group as S3 would have them: a client that lists and reads what a test plants."""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import pyarrow as pa

from airflow_personalize.export.manifest import Manifest
from airflow_personalize.export.write import csv_format
from tests.support.stub_client import refusal

_attempts = itertools.count()


class PlantedExports:
    """Objects by key, as far as the page asks S3 for them."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    def plant(self, dataset: str, directory: str, rows: Sequence[Mapping[str, str]], prefix: str) -> None:
        """A partition with its manifest, as an export leaves it; each has a folder that no other has."""
        attempt = f"20260228T030000Z-{next(_attempts):08x}"
        root = f"{prefix}/{dataset}/{directory}/"
        table = pa.RecordBatch.from_pylist(list(rows))
        content = csv_format.header(table.column_names) + csv_format.encode(table).to_pybytes()
        key = f"{root}{attempt}/part-00000.csv"
        self.objects[key] = content
        manifest = Manifest(
            dataset,
            directory.removeprefix("dt="),
            directory,
            attempt,
            "2026-02-28T03:00:00+00:00",
            "hash",
            len(rows),
            len(content),
            "hash",
            [{"key": key, "rows": len(rows), "bytes": len(content)}],
        )
        self.objects[f"{root}_manifest.json"] = json.dumps(asdict(manifest)).encode()

    def get_object(self, Bucket: str, Key: str) -> Any:
        if Key not in self.objects:
            raise refusal("NoSuchKey", f"{Bucket} has no {Key}")
        return {"Body": io.BytesIO(self.objects[Key]), "ETag": str(hash(self.objects[Key]))}

    def put_object(self, Bucket: str, Key: str, Body: bytes, **_: Any) -> None:
        self.objects[Key] = Body

    def download_fileobj(self, Bucket: str, Key: str, target: Any) -> None:
        target.write(self.get_object(Bucket, Key)["Body"].read())

    def get_paginator(self, operation: str) -> Any:
        assert operation == "list_objects_v2"
        return self

    def paginate(self, Bucket: str, Prefix: str, Delimiter: str = "") -> Any:
        keys = sorted(key for key in self.objects if key.startswith(Prefix))
        if not Delimiter:
            return [{"Contents": [{"Key": key} for key in keys]}]
        folders = {key[len(Prefix) :].split("/")[0] for key in keys}
        return [{"CommonPrefixes": [{"Prefix": f"{Prefix}{folder}/"} for folder in sorted(folders)]}]
