"""What an export does to the process that it runs in, before its first row.

Spares an export the garbage collector's walks through everything that Airflow has loaded.

A task's process holds some hundred thousand objects before its work begins. Reading botocore's description
of S3 makes enough new ones for several full collections, which together take longer than the reading.

Arrow without pandas, which it would import on its first `pa.array` or `pa.scalar`.

Where pandas is installed, as it is beside Airflow, that import costs every export task half a second and 45
MB for nothing. Arrow tries it once; here that once happens while the import fails. Whatever needs pandas
later (`to_pandas`, `Table.from_pandas`) still imports it then.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from types import ModuleType

import pyarrow as pa


@contextmanager
def frozen_heap() -> Iterator[None]:
    """Collections inside look only at what was made inside."""
    if gc.get_freeze_count():
        yield  # somebody else's decision, which is not ours to end
        return
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


class _Refusal(MetaPathFinder):
    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:
        if name == "pandas":
            raise ModuleNotFoundError("not needed here", name=name)


@contextmanager
def frugal_memory() -> Iterator[None]:
    """Arrow allocates from jemalloc inside, where its build has it.

    Batches pass from thread to thread, and mimalloc, its default, keeps what other threads have freed: 20 MB of an
    export's peak.
    """
    before = pa.default_memory_pool()
    if "jemalloc" in pa.supported_memory_backends():
        pa.set_memory_pool(pa.jemalloc_memory_pool())
    try:
        yield
    finally:
        pa.set_memory_pool(before)


def block_pandas() -> None:
    """Let Arrow find out now that it does without pandas, unless this process has it already."""
    if "pandas" in sys.modules:
        return
    refusal = _Refusal()
    sys.meta_path.insert(0, refusal)
    try:
        pa.scalar(0)
    finally:
        sys.meta_path.remove(refusal)
