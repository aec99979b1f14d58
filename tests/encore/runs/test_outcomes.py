"""What became of each solution, whatever part of the run was reached and in whatever order results come."""

from __future__ import annotations

import pytest

from encore.config.models import DatasetGroup
from encore.runs.outcomes import results_of

GROUP = DatasetGroup.model_validate(
    {
        "name": "shop",
        "role": "R",
        "bucket": "shop",
        "datasets": {"interactions": {"schema": "i.json", "sql": "i.sql"}},
        "solutions": [
            {"name": "popular", "recipe": "aws-popularity-count"},
            {"name": "you", "recipe": "aws-sims", "campaign": {"name": "for-you"}},
        ],
    }
)
ARN = "arn:aws:personalize:us-east-1:1"
POPULAR, YOU = f"{ARN}:solution/popular/1", f"{ARN}:solution/you/2"


def decision(solution: str, verdict: str) -> dict:
    return {"solution": solution, "verdict": verdict, "reasons": ["Because."]}


def outcome(decisions=None, answers=None, checks=None, rollbacks=None) -> tuple[str, str]:
    return results_of(GROUP, YOU, decisions, answers, checks, rollbacks)["you"].outcome()


def answer(option: str, name: str | None = None) -> dict:
    user = {"name": name} if name else None
    return {"chosen_options": [option], "responded_by_user": user, "solution_version_arn": YOU}


QUESTION, CAMPAIGN = decision("you", "ask"), f"{ARN}:campaign/for-you"


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({}, ("failed", "The gate was not reached.")),
        ({"decisions": decision("you", "hold")}, ("held", "Because.")),
        (
            {"decisions": decision("you", "promote"), "checks": {"campaign_arn": CAMPAIGN}},
            ("promoted", "Because."),
        ),
        (
            {
                "decisions": decision("you", "promote"),
                "rollbacks": {"campaign_arn": CAMPAIGN, "reason": "Slow."},
            },
            ("failed", "Rolled back: Slow."),
        ),
        ({"decisions": QUESTION, "answers": answer("Reject", "Ann")}, ("held", "Reject by Ann. Because.")),
        ({"decisions": QUESTION, "answers": answer("Reject")}, ("held", "Reject by default. Because.")),
        (
            {
                "decisions": QUESTION,
                "answers": answer("Approve", "Ann"),
                "checks": {"campaign_arn": CAMPAIGN},
            },
            ("promoted", "Approve by Ann. Because."),
        ),
        (
            {"decisions": QUESTION},
            ("failed", "The campaign could not be moved and checked, or nobody has answered yet."),
        ),
    ],
)
def test_the_outcome_follows_from_what_was_reached(inputs, expected):
    assert outcome(**inputs) == expected


def test_results_find_their_solution_by_what_they_say_and_not_by_their_place():
    outcome = results_of(
        GROUP,
        [YOU, POPULAR],
        [decision("popular", "hold"), decision("you", "promote")],
        None,
        [{"campaign_arn": CAMPAIGN}],
        None,
    )
    assert {name: result.outcome()[0] for name, result in outcome.items()} == {
        "you": "promoted",
        "popular": "held",
    }


def test_a_solution_without_a_version_has_no_result():
    assert set(results_of(GROUP, [None, YOU], None, None, None, None)) == {"you"}
