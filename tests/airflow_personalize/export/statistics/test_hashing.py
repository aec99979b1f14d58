"""Hashes of columns: equal for equal values, different for others, spread whatever pattern the values have."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_personalize.export.statistics.hashing import combined, hashes, id_hashes

TEXTS = st.lists(
    st.one_of(st.none(), st.text(max_size=40), st.sampled_from(["", "a", "a\0", "a\0\0", "0", "00"]))
)


@settings(deadline=None)
@given(TEXTS, st.integers(0, 3))
def test_texts_have_one_hash_each_wherever_they_stand(texts, skipped):
    array = pa.array(texts, pa.string())
    by_text = dict(zip(texts, hashes(array).tolist(), strict=True))
    assert len(set(by_text.values())) == len(by_text)
    sliced = array.slice(skipped)
    assert hashes(sliced).tolist() == [by_text[text] for text in texts[skipped:]]


@pytest.mark.parametrize("step", [1, 7, 1000, 1 << 20, 1 << 32])
@pytest.mark.parametrize("kind", [pa.int64(), pa.float64(), pa.string()])
def test_a_pattern_in_values_is_none_in_hashes(kind, step):
    hashed = hashes(pa.array(np.arange(1 << 15) * step).cast(kind))
    assert len(set(hashed.tolist())) == 1 << 15
    buckets = np.bincount((hashed >> np.uint64(58)).astype(int), minlength=64)
    assert buckets.min() > 300, "512 are expected in each of 64 buckets"
    assert buckets.max() < 800


def test_a_number_has_one_hash_whatever_its_width_and_sign_of_zero():
    assert hashes(pa.array([7], pa.int32())) == hashes(pa.array([7], pa.int64()))
    assert hashes(pa.array([1.5], pa.float32())) == hashes(pa.array([1.5], pa.float64()))
    assert hashes(pa.array([0.0])) == hashes(pa.array([-0.0]))


def test_an_id_is_the_same_as_a_number_and_as_its_digits_and_no_other():
    numbers = [0, 7, 42, 10**17]
    assert (id_hashes(pa.array([str(number) for number in numbers])) == hashes(pa.array(numbers))).all()
    others = ["007", "7 ", "+7", "-0", "٧", "", "7.0", "1" * 30]
    assert not set(id_hashes(pa.array(others)).tolist()) & set(hashes(pa.array(numbers)).tolist())


def test_the_order_of_columns_counts():
    first, second = hashes(pa.array([1, 2])), hashes(pa.array([2, 1]))
    assert combined(first, second)[0] != combined(first, second)[1]


def test_another_process_makes_the_same():
    code = (
        "import pyarrow as pa; from airflow_personalize.export.statistics.hashing import hashes;"
        "print(hashes(pa.array(['id-1', None])).tolist())"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    assert result.stdout.strip() == str(hashes(pa.array(["id-1", None])).tolist())
