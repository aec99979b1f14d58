"""Samples of rows: all of few, an even pick of many, however they are batched."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from airflow_personalize.export.statistics.row_sample import TEXT_KEPT, RowSample


def sampled(rows: np.ndarray, batch: int, capacity: int = 1000) -> np.ndarray:
    sample = RowSample(capacity)
    for first in range(0, len(rows), batch):
        sample.add(pa.RecordBatch.from_pydict({"n": rows[first : first + batch]}))
    result = sample.column(0).to_numpy()
    assert len(result) == sample.rows <= capacity
    return result


def test_few_rows_are_kept_all():
    assert sampled(np.arange(1000), 33).tolist() == list(range(1000))


@pytest.mark.parametrize("batch", [1, 7, 333, 50_000])
def test_many_rows_are_picked_evenly_whatever_the_batches(batch):
    rows = 20_000 if batch == 1 else 100_000
    result = sampled(np.arange(rows), batch)
    assert len(result) >= 450
    assert len(set(result.tolist())) == len(result)
    tenths = np.bincount(result * 10 // rows, minlength=10) / len(result)
    assert abs(tenths - 0.1).max() < 0.02


def test_rows_that_alternate_are_both_there():
    result = sampled(np.arange(100_000) % 2, 5_000)
    assert 0.4 < result.mean() < 0.6


def test_long_texts_are_kept_short():
    sample = RowSample(10)
    sample.add(pa.RecordBatch.from_pydict({"t": ["é" * 5000]}))
    assert sample.column(0)[0].as_py() == "é" * TEXT_KEPT
