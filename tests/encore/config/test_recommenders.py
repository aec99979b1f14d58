"""What the sections of recommenders and of actions refuse."""

from __future__ import annotations

import pytest

from encore.config.recommenders import USE_CASES
from localpersonalize.runtime import use_cases
from tests.support.pipeline_files import MINIMAL, problems  # noqa: F401

AFTER = "    role: Role\n"
SHOP = "domain: ECOMMERCE"
POPULAR = "{name: top, recipe: aws-ecomm-popular-items-by-views}"


@pytest.mark.parametrize(
    ("sections", "reason"),
    [
        ([f"recommenders: [{POPULAR}]"], "is for a domain dataset group: give `domain`"),
        ([SHOP, "recommenders: [{name: top, recipe: aws-vod-top-picks}]"], "is no use case of ECOMMERCE"),
        ([SHOP, "recommenders: [{name: top, recipe: aws-sims}]"], "is no use case of ECOMMERCE"),
        ([SHOP, f"recommenders: [{POPULAR}, {POPULAR}]"], "there is another recommender top"),
        (
            [SHOP, f"recommenders: [{POPULAR[:-1]}, min_requests_per_second: 0}}]"],
            "greater than or equal to 1",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_place(problems, sections, reason):  # noqa: F811
    lines = problems(AFTER, AFTER + "".join(f"    {section}\n" for section in sections))
    assert any(reason in line and "recommenders.0" in line.replace("s.1", "s.0") for line in lines), lines


def test_a_group_has_solutions_or_recommenders(problems):  # noqa: F811
    solutions = MINIMAL[MINIMAL.index("    solutions:") :]
    assert any("solutions or recommenders: there must be one" in line for line in problems(solutions, ""))
    alone = f"    domain: ECOMMERCE\n    recommenders: [{POPULAR}]\n    comparison: {{users: 100}}\n"
    lines = problems(solutions, alone)
    assert [line for line in lines if "schema" not in line and "comparison" not in line] == []
    assert any("compares versions of solutions, and the group has none" in line for line in lines)


def test_the_use_cases_are_the_services():
    ours = {(recipe, domain) for domain, recipes in USE_CASES.items() for recipe in recipes}
    assert ours == {(recipe, use_cases.domain_of(recipe)) for recipe in use_cases.USE_CASES}


def test_the_next_best_action_needs_both_datasets_of_actions(problems):  # noqa: F811
    lines = problems("aws-sims", "aws-next-best-action")
    for kind in ("actions", "action_interactions"):
        assert any(f"aws-next-best-action needs the dataset {kind}" in line for line in lines), lines
