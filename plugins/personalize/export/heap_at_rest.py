"""Spares an export the garbage collector's walks through everything that Airflow has loaded.

A task's process holds some hundred thousand objects before its work begins. Reading botocore's description
of S3 makes enough new ones for several full collections, which together take longer than the reading.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def heap_at_rest() -> Iterator[None]:
    """Collections inside look only at what was made inside."""
    if gc.get_freeze_count():
        yield  # somebody else's decision, which is not ours to end
        return
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
