"""What collections look at during an export, and that it ends with the export."""

from __future__ import annotations

import gc

import pyarrow as pa
import pytest

from airflow_personalize.export.startup import frozen_heap, frugal_memory


@pytest.fixture(autouse=True)
def thawed():
    gc.unfreeze()
    yield
    gc.unfreeze()


def test_what_was_there_before_is_left_out_until_the_end():
    before = object.__new__(type("Before", (), {}))
    with frozen_heap():
        made = object.__new__(type("Made", (), {}))
        looked_at = {id(entry) for entry in gc.get_objects()}
        assert id(before) not in looked_at
        assert id(made) in looked_at

    assert id(before) in {id(entry) for entry in gc.get_objects()}


def test_a_heap_that_somebody_else_froze_stays_frozen():
    gc.freeze()
    with frozen_heap():
        pass

    assert gc.get_freeze_count() > 0


def test_a_failure_ends_it_too():
    with pytest.raises(RuntimeError), frozen_heap():
        raise RuntimeError

    assert gc.get_freeze_count() == 0


@pytest.mark.skipif(
    "jemalloc" not in pa.supported_memory_backends(), reason="this build of Arrow has no jemalloc"
)
def test_arrow_s_memory_comes_from_jemalloc_until_the_end():
    before = pa.default_memory_pool().backend_name
    with frugal_memory():
        assert pa.default_memory_pool().backend_name == "jemalloc"
    assert pa.default_memory_pool().backend_name == before
