"""One partition from the database to S3: reading, checking and uploading at the same time.

Three stages with bounded queues between them: a thread reads record batches, the caller's thread checks them
and writes them as CSV, two threads upload parts. Memory is what is in the queues, whatever the size of the
table.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from airflow_personalize.export import profiles
from airflow_personalize.export.exceptions import ExportError, TooManyRejectedError
from airflow_personalize.export.manifest import DatasetLocation, Manifest, commit, new_attempt, read
from airflow_personalize.export.partitions import Partition
from airflow_personalize.export.read.comparison import require_comparable
from airflow_personalize.export.read.prefetch import ReadAhead
from airflow_personalize.export.read.sources import Source
from airflow_personalize.export.read.sql import markers
from airflow_personalize.export.schema.avro import DatasetSchema
from airflow_personalize.export.startup import block_pandas
from airflow_personalize.export.statistics.collector import Statistics
from airflow_personalize.export.statistics.distinct import DistinctIds, ids_to
from airflow_personalize.export.statistics.row_ids import RowIdFile
from airflow_personalize.export.statistics.summary import Summary
from airflow_personalize.export.validation import event_types
from airflow_personalize.export.validation.bounds import Bounds
from airflow_personalize.export.validation.checker import BatchChecker
from airflow_personalize.export.validation.contract import Contract
from airflow_personalize.export.write.csv_format import encode, header
from airflow_personalize.export.write.multipart import S3Files, Sizes
from airflow_personalize.export.write.rejected_rows import RejectedRows

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Export:
    """How a dataset is exported; `run` exports one partition of it.

    :param client: an S3 client
    :param rejected_limit: the share of rejected rows (0 to 1) above which the export fails
    :param distinct: takes in the ids of all partitions
    :param query: how errors name the query: its file, where it has one
    :param row_id: a column of the query that tells rows apart, kept for snapshots to find duplicates by
    """

    source: Source
    client: Any
    location: DatasetLocation
    schema: DatasetSchema
    contract: Contract = field(default_factory=Contract)
    rejected_limit: float = 0.01
    sizes: Sizes = field(default_factory=Sizes)
    distinct: DistinctIds | None = None
    query: str = "the query"
    row_id: str | None = None

    def run(self, statement: str, partition: Partition) -> Summary:
        """Export the partition and make it the current one.

        A slice of a wide partition (`shard`) is only written: `shards.commit_all` makes the partition of all
        slices.

        :raises ExportError: the partition stays as it was
        """
        summary = self.write(statement, partition)
        if partition.shard is not None:
            return summary
        manifest = manifest_of(self.location, partition, summary)
        current = commit(self.client, self.location, manifest, summary.replaces)
        if not current:
            log.warning(
                "partition %s holds an export that overlapped with this one and read the database later; it stays",
                partition.key,
            )
        uri = f"s3://{self.location.bucket}/{self.location.manifest(partition.directory)}"
        # What the manifest keeps about users is for snapshots, and too long for an XCom of many days.
        return replace(summary, manifest=uri, superseded=not current, users={})

    def write(self, statement: str, partition: Partition) -> Summary:
        """Write the partition's files to a new attempt, without making it current."""
        block_pandas()
        require_slice_markers(statement, partition, self.source.dialect)
        before = read(self.client, self.location, partition.directory)
        started, read_at = time.monotonic(), datetime.now(UTC).isoformat()
        attempt = partition.attempt or new_attempt()
        files, rejects = self._outputs(partition, attempt)
        with closing(RowIdFile()) as row_ids:
            try:
                rows_read, dropped, statistics = self._stream(statement, partition, files, rejects, row_ids)
                finished = files.close()
                rejects.close()
                profile = profiles.put(
                    self.client, self.location.bucket, f"{files.stem}profile.json", statistics.profile()
                )
                row_id_keys = row_ids.put(self.client, self.location.bucket, f"{files.stem}row-ids.arrow")
            except BaseException:
                files.abort()
                rejects.abort()
                raise
        if partition.shard is None:
            self._check_share(partition, rows_read, rejects)
        if self.distinct is not None:
            self.distinct.add(statistics.ids())
        kinds, (first, last) = statistics.event_types(), statistics.instants()
        event_types.check(
            self.location.dataset, f"partition {partition.key!r}", kinds, self.schema.metadata_columns
        )
        return Summary(
            key=partition.key,
            rows_read=rows_read,
            rows_written=statistics.rows,
            rejected={rule.value: count for rule, count in rejects.counts.items()},
            dropped_values={rule.value: count for rule, count in dropped.items()},
            bytes=sum(file.bytes for file in finished),
            parts=sum(file.parts for file in finished),
            files=[{"key": file.key, "rows": file.rows, "bytes": file.bytes} for file in finished],
            min_timestamp=first,
            max_timestamp=last,
            distinct_users=statistics.distinct("USER_ID"),
            distinct_items=statistics.distinct("ITEM_ID"),
            content_hash=files.content_hash,
            schema_hash=self.schema.hash,
            seconds=round(time.monotonic() - started, 3),
            attempt=attempt,
            read_at=read_at,
            replaces=before.attempt if before else None,
            rejected_location=rejects.location,
            users=statistics.users(),
            event_types=kinds,
            metadata_columns=self.schema.metadata_columns,
            partition=partition.to_dict(),
            ids=self._put_ids(files, statistics) if partition.shard is not None else None,
            examples=rejects.examples,
            row_ids=row_id_keys,
            profile=profile,
        )

    def _outputs(self, partition: Partition, attempt: str) -> tuple[S3Files, RejectedRows]:
        """Where the rows go. Slices share the attempt's folder, so each try of one has a name of its own."""
        location, folder = self.location, partition.directory
        own = "" if partition.shard is None else f"{partition.shard:05d}-{new_attempt()}-"
        stem = f"{location.attempt(folder, attempt)}{own}part-"
        files = S3Files(self.client, location.bucket, stem, header(self.schema.names), self.sizes)
        rejected = location.rejected(folder, attempt)
        return files, RejectedRows(
            self.client, location.bucket, rejected, f"{own}rejected-", self.schema.names, self.sizes
        )

    def _put_ids(self, files: S3Files, statistics: Statistics) -> str:
        """Keep a slice's distinct ids for the commit, which counts them over all slices; the object's key."""
        key = f"{files.stem}ids.arrow"
        self.client.put_object(Bucket=self.location.bucket, Key=key, Body=ids_to(statistics.ids()))
        return key

    def _stream(
        self, statement: str, partition: Partition, files: S3Files, rejects: RejectedRows, row_ids: RowIdFile
    ) -> tuple[int, Counter[Any], Statistics]:
        statistics = Statistics(self.schema, ids=partition.shard is not None)
        dropped: Counter[Any] = Counter()
        with ReadAhead(self.source.query(statement, partition.parameters)) as rows:
            files.expect()  # not before the query runs: making a client keeps other threads from starting it
            checker = BatchChecker(
                self.location.dataset,
                self.schema,
                rows.names,
                self.contract,
                bounds=Bounds.of(partition, self.query),
                row_id=self.row_id,
            )
            for batch in rows.batches:
                checked = checker.check(batch)
                dropped.update(checked.dropped)
                if checked.rejected is not None:
                    rejects.add(checked.rejected)
                if checked.written.num_rows:
                    statistics.add(checked.written)
                    files.write(encode(checked.written), checked.written.num_rows)
                    if checked.row_ids is not None:
                        row_ids.add(checked.row_ids)
        if not checker.rows_read and partition.start is not None:
            require_comparable(self.source, statement, partition)
        return checker.rows_read, dropped, statistics

    def _check_share(self, partition: Partition, rows_read: int, rejects: RejectedRows) -> None:
        rejected = rejects.counts.total()
        if rejected and rejected > self.rejected_limit * rows_read:
            raise TooManyRejectedError(
                self.location.dataset,
                partition.key,
                read=rows_read,
                rejected={rule.value: count for rule, count in rejects.counts.items()},
                limit=self.rejected_limit,
                examples=rejects.examples,
                location=str(rejects.location),
            )


def require_slice_markers(statement: str, partition: Partition, dialect: str | None) -> None:
    """A slice by key whose query does not ask for the key: every slice would be the whole partition.

    :raises ExportError: names the markers that are missing
    """
    keys = {"low", "high"} & set(partition.parameters)
    lacking = sorted(keys - markers(statement, dialect), reverse=True) if keys else []
    if lacking:
        raise ExportError(
            f"the query lacks {' and '.join(f'{{{{ {name} }}}}' for name in lacking)}, so each of the "
            f"{partition.shards} slices of partition {partition.key!r} would hold all its rows. Add: "
            "AND key >= {{ low }} AND key < {{ high }}"
        )


def manifest_of(location: DatasetLocation, partition: Partition, summary: Summary) -> Manifest:
    return Manifest(
        dataset=location.dataset,
        key=partition.key,
        directory=partition.directory,
        attempt=summary.attempt,
        read_at=summary.read_at,
        schema_hash=summary.schema_hash,
        rows=summary.rows_written,
        bytes=summary.bytes,
        content_hash=summary.content_hash,
        files=summary.files,
        start=partition.start.isoformat() if partition.start else None,
        end=partition.end.isoformat() if partition.end else None,
        min_timestamp=summary.min_timestamp,
        max_timestamp=summary.max_timestamp,
        users=summary.users,
        event_types=summary.event_types,
        metadata_columns=summary.metadata_columns,
        row_ids=summary.row_ids,
        profile=summary.profile,
    )
