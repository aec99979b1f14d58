"""The rejected rows as CSV: reason, field, row number, original values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from airflow_personalize.export.validation.checker import Rejected, rows_of
from airflow_personalize.export.validation.contract import Rule
from airflow_personalize.export.validation.value_rules import describe_value
from airflow_personalize.export.write.csv_format import encode_texts
from airflow_personalize.export.write.multipart import S3Files, Sizes

EXAMPLES = 3


class RejectedRows:
    """Collects rejected rows; nothing is uploaded until there is one.

    Values over 1,000 characters are cut, with a note of their length: a row that is rejected for a text of
    100 MB must not make a file of 100 MB.
    """

    def __init__(
        self, client: Any, bucket: str, prefix: str, stem: str, names: Sequence[str], sizes: Sizes
    ) -> None:
        self._client, self._bucket, self._prefix, self._stem = client, bucket, prefix, stem
        self._names, self._sizes = tuple(names), sizes
        self._files: S3Files | None = None
        self.counts: Counter[Rule] = Counter()
        self.examples: list[str] = []

    @property
    def location(self) -> str | None:
        """The prefix of the files, None when no row was rejected."""
        return f"s3://{self._bucket}/{self._prefix}" if self._files else None

    def add(self, rejected: Rejected) -> None:
        if self._files is None:
            head = ",".join(("reason", "field", "row", *self._names)) + "\n"
            stem = self._prefix + self._stem
            self._files = S3Files(self._client, self._bucket, stem, head.encode(), self._sizes)
        self.counts.update(rejected.rules)
        lines = []
        for row, rule, name, values in rows_of(rejected):
            lines.append((rule, name, str(row), *values))
            if len(self.examples) < EXAMPLES:
                value = values[self._names.index(name)][:80]
                self.examples.append(f"row {row}, {name}: {rule} ({describe_value(rule, value) or 'empty'})")
        self._files.write(encode_texts(lines), len(lines))

    def close(self) -> None:
        if self._files is not None:
            self._files.close()

    def abort(self) -> None:
        if self._files is not None:
            self._files.abort()
