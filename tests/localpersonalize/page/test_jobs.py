"""What a worker says, as a bar and words."""

from __future__ import annotations

import pytest

from localpersonalize.page.jobs import Job, progress_of


@pytest.mark.parametrize(
    ("text", "percent", "words"),
    [
        (" 40% epoch 3", 40, "epoch 3"),
        ("100% done", 100, "done"),
        ("   0% ", 0, ""),
        ("reading", None, "reading"),
        ("", None, ""),
    ],
)
def test_progress(text: str, percent: int | None, words: str):
    assert progress_of(text) == (percent, words)


def test_a_failed_job_says_what_to_do_and_how_long_it_took():
    job = Job("Import", "first", "Items", "arn", "CREATE FAILED", 100.0, 130.0, "Row 3 has no ITEM_ID.")
    assert "another import job" in job.advice
    assert job.took(now=1000.0) == "30 s"


def test_a_running_job_counts_until_now():
    job = Job("Training", "v1", "front", "arn", "CREATE IN_PROGRESS", 100.0, 101.0)
    assert (job.advice, job.took(now=160.0)) == ("", "1 min")
