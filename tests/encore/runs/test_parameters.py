"""The choices of a run, and those that are refused by name."""

from __future__ import annotations

from datetime import date

import pytest

from encore.config.models import DatasetGroup
from encore.runs.parameters import RunRefusedError, validate

TODAY = date(2026, 3, 1)
GROUP = DatasetGroup.model_validate(
    {
        "name": "shop",
        "role": "R",
        "bucket": "shop",
        "datasets": {"interactions": {"schema": "i.json", "sql": "i.sql"}},
        "solutions": [
            {"name": "popular", "recipe": "aws-popularity-count"},
            {"name": "you", "recipe": "aws-user-personalization"},
        ],
    }
)


def test_without_choices_everything_is_trained_in_full():
    plan = validate({}, GROUP, TODAY)
    assert plan.as_json() == {
        "solutions": ["popular", "you"],
        "training_mode": "FULL",
        "import_mode": "FULL",
        "as_of": None,
        "dry_run": False,
        "promote": "gate",
        "data_gate": "file",
        "history": "first_interaction",
    }


def test_each_choice_is_followed():
    params = {
        "solutions": ["you"],
        "training_mode": "UPDATE",
        "promote": "ask",
        "dry_run": True,
        "data_gate": "warn",
        "history": "exported",
    }
    plan = validate({**params, "as_of": "2026-02-28"}, GROUP, TODAY)
    assert plan.as_json() == {**params, "import_mode": "FULL", "as_of": "2026-02-28"}


@pytest.mark.parametrize(
    ("params", "named"),
    [
        ({"solutions": ["other"]}, "solutions: the pipeline file has no other"),
        ({"training_mode": "UPDATE"}, "training_mode=UPDATE: the recipe of popular can only"),
        ({"as_of": "2026-03-01"}, "as_of=2026-03-01: that day is not over"),
        (
            {"as_of": "2026-02-01", "import_mode": "INCREMENTAL"},
            "as_of=2026-02-01 with import_mode=INCREMENTAL",
        ),
        ({"as_of": "2026-02-01", "promote": "promote"}, "as_of=2026-02-01 with promote=promote"),
    ],
)
def test_what_does_not_go_together_is_refused_by_name(params, named):
    with pytest.raises(RunRefusedError, match=named):
        validate(params, GROUP, TODAY)
