"""Distinct samples: exact while small, close when large, the same merged as made at once."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_personalize.export.statistics.distinct_sample import DistinctSample
from airflow_personalize.export.statistics.hashing import id_hashes


def sample_of(ids, capacity=2048, parts=7) -> DistinctSample:
    sample = DistinctSample(capacity)
    for part in np.array_split(np.asarray(ids), parts):
        sample.add(id_hashes(pa.array(part)))
    return sample


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(0, 300), max_size=60)), st.sampled_from([4, 64, 512]))
def test_counting_up_to_two_says_the_same_of_two_as_counting_all(batches, capacity):
    samples = DistinctSample(capacity), DistinctSample(capacity, counted=2)
    for ids in batches:
        for sample in samples:
            sample.add(id_hashes(pa.array(ids, pa.int64())))
    assert len({(sample.distinct(), sample.at_least(1), sample.at_least(2)) for sample in samples}) == 1
    written = [DistinctSample.from_dict(sample.to_dict()) for sample in samples]
    assert len({(sample.distinct(), sample.at_least(2)) for sample in written}) == 1


@settings(deadline=None)
@given(st.lists(st.integers(0, 40)), st.lists(st.integers(0, 40)))
def test_few_values_are_counted_exactly_in_parts_and_merged(first, second):
    merged = DistinctSample.merged([sample_of(np.array(ids, np.int64)) for ids in (first, second)])
    counts = np.unique(first + second, return_counts=True)[1] if first + second else np.empty(0, int)
    assert merged.is_exact
    assert merged.distinct() == len(counts)
    assert merged.at_least(2) == (counts >= 2).sum()
    assert merged.repeated_rows() == (counts - 1).sum()


@pytest.mark.parametrize("values", [5_000, 300_000])
def test_many_values_are_counted_within_five_in_a_hundred(values):
    ids = np.random.default_rng(3).integers(0, values, 2 * values)
    counts = np.unique(ids, return_counts=True)[1]
    sample = sample_of(ids)
    assert not sample.is_exact
    assert sample.distinct() == pytest.approx(len(counts), rel=0.06)
    assert sample.at_least(2) == pytest.approx((counts >= 2).sum(), rel=0.08)
    assert sample.repeated_rows() == pytest.approx((counts - 1).sum(), rel=0.1)
    assert len(json.dumps(sample.to_dict())) < 30_000


def test_merged_samples_are_what_one_over_all_rows_is():
    ids = np.random.default_rng(4).integers(0, 50_000, 100_000)
    merged = DistinctSample.merged([sample_of(part) for part in np.array_split(ids, 5)])
    written = DistinctSample.from_dict(json.loads(json.dumps(merged.to_dict())))
    assert written.to_dict() == sample_of(ids).to_dict()


def test_what_is_in_one_sample_and_not_in_another_is_estimated_over_datasets():
    catalogue, touched = np.arange(60_000), np.arange(0, 45_000)
    outside = sample_of(catalogue).share_outside(sample_of(np.repeat(touched, 3)))
    assert outside == pytest.approx(0.25, abs=0.04)
    assert sample_of([1, 2, 3, 4]).share_outside(sample_of([4, 4, 9])) == 0.75
    assert sample_of(np.empty(0, np.int64)).share_outside(sample_of([1])) is None
