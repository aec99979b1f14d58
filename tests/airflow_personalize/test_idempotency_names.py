"""Names: readable, within the service's pattern, and the same for the same piece of work only."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from airflow_personalize.idempotency import job_name

PATTERN = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9\-_]{0,62}")
text = st.text(min_size=1, max_size=250)


@given(text, text, text, st.integers(-1, 9999), st.integers(0, 30), st.integers(1, 30))
def test_every_name_fits_the_service(dag_id, run_id, task_id, map_index, repetition, attempt):
    name = job_name(dag_id, run_id, task_id, map_index, repetition=repetition, attempt=attempt)
    assert PATTERN.fullmatch(name)


@given(
    st.lists(
        st.tuples(text, text, text, st.integers(-1, 99), st.integers(0, 9), st.integers(1, 9)),
        min_size=2,
        unique=True,
    )
)
def test_different_work_has_different_names(works):
    names = {
        job_name(dag, run, task, index, repetition=again, attempt=attempt)
        for dag, run, task, index, again, attempt in works
    }
    assert len(names) == len(works)


def test_a_name_says_which_task_of_which_run():
    name = job_name(
        "retrain", "scheduled__2026-03-01T03:00:00+00:00", "refresh.train", 2, repetition=1, attempt=3
    )
    assert re.fullmatch(r"train-scheduled-20260301T030000-[0-9a-f]{8}-2-r1-a3", name)


def test_a_name_differs_with_what_the_job_is_about():
    run = ("retrain", "manual__2026-03-01T03:00:00+00:00", "import")
    assert job_name(*run, subject=["arn:a", "s3://x/1"]) != job_name(*run, subject=["arn:a", "s3://x/2"])
    assert job_name(*run, subject=["arn:a", "s3://x/1"]) == job_name(*run, subject=["arn:a", "s3://x/1"])
