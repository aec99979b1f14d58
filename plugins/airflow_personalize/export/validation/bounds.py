"""Whether rows lie in the partition that they are exported as: a day that holds another day's rows is imported twice.

The query is asked for one partition, but nothing else makes it keep to it: a missing WHERE, an inclusive bound or a
server in another time zone give rows that other partitions hold as well.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from airflow_personalize.export.masks import Mask, mask_of
from airflow_personalize.export.partitions import Partition

#: The field that says when a row happened.
FIELD = "TIMESTAMP"


@dataclass(frozen=True)
class Bounds:
    """A partition's interval, half-open: `start` belongs to it, `end` to the next one.

    :param query: how errors name the query: its file, where it has one
    """

    key: str
    start: datetime
    end: datetime
    query: str = "the query"

    @classmethod
    def of(cls, partition: Partition, query: str) -> Bounds | None:
        """None for a partition that is the whole table."""
        if partition.start is None or partition.end is None:
            return None
        return cls(partition.key, partition.start, partition.end, query)

    def outside(self, seconds: pa.Array) -> Mask | None:
        """Which instants are no part of the partition; None when all are.

        Instants are whole seconds, rounded down, so bounds with fractions are widened to whole seconds.
        """
        low, high = math.floor(self.start.timestamp()), math.ceil(self.end.timestamp())
        extremes = pc.min_max(seconds).as_py()
        if extremes["min"] is None or (low <= extremes["min"] and extremes["max"] < high):
            return None
        return mask_of(pc.or_(pc.less(seconds, low), pc.greater_equal(seconds, high)))

    def __str__(self) -> str:
        return f"[{self.start.isoformat()}, {self.end.isoformat()})"
