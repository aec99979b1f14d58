"""Rows of exported CSV files in S3, as record batches of text."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from airflow_personalize.pagination import list_objects, split_uri


def files(client: Any, location: str) -> tuple[str, list[str]]:
    """The bucket, and the keys of the objects at an `s3://` place, sorted."""
    bucket, prefix = split_uri(location)
    return bucket, sorted(entry["Key"] for entry in list_objects(client, bucket, prefix))


def batches(
    client: Any, bucket: str, keys: Iterable[str], names: Sequence[str], optional: Sequence[str] = ()
) -> Iterator[Any]:
    """Record batches of the named columns (spelled in any case), as strings; file after file.

    :param optional: columns that a file may lack; a batch has them where its file does
    """
    import pyarrow as pa
    from pyarrow import csv

    for key in keys:
        with tempfile.TemporaryFile() as local:
            client.download_fileobj(bucket, key, local)
            local.seek(0)
            header = local.readline().decode().strip().split(",")
            local.seek(0)
            spelled = {name.lower(): name for name in header}
            wanted = [*names, *(name for name in optional if name in spelled)]
            columns = [spelled[name] for name in wanted]
            options = csv.ConvertOptions(
                include_columns=columns,
                column_types=dict.fromkeys(columns, pa.string()),
                strings_can_be_null=False,
            )
            # The exporter escapes with backslashes; partitions of before have doubled quotes and line breaks.
            parse = csv.ParseOptions(newlines_in_values=True, escape_char="\\")
            for batch in csv.open_csv(local, convert_options=options, parse_options=parse):
                yield batch.rename_columns(wanted)
