"""Users are divided by a hash: documented, the same in Python and JavaScript, and evenly."""

from __future__ import annotations

import json
import re
import shutil
import subprocess

import pytest

from encore.experiments.split import CHALLENGER, CHAMPION, arm, position
from tests.support.packages import ROOT

PAGE = ROOT / "docs" / "experiments.md"
#: Experiment, user, and the first four bytes of SHA-256 of `experiment:user` as a number; also in the page.
VECTOR = [
    ("home-page", "17", 1_417_056_866),
    ("home-page", "u-4711", 3_375_125_098),
    ("second", "17", 108_074_261),
    ("home-page", "Zoë", 3_415_424_006),
]


@pytest.mark.parametrize(("experiment", "user", "number"), VECTOR)
def test_the_position_is_that_of_the_documented_vector(experiment, user, number):
    assert position(experiment, user) == number / 2**32
    assert f"| `{experiment}` | `{user}` | {number} |" in PAGE.read_text()


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node")
def test_the_javascript_of_the_page_says_the_same():
    code = re.search(r"```js\n(.*?)```", PAGE.read_text(), re.DOTALL)[1]
    code = "".join(line for line in code.splitlines(keepends=True) if "@aws-sdk" not in line)
    calls = [[experiment, user] for experiment, user, _ in VECTOR]
    script = code.split("// the application")[0] + (
        f"console.log(JSON.stringify({json.dumps(calls)}.map(([e, u]) => position(e, u) * 2 ** 32)))"
    )
    answer = subprocess.run(
        ["node", "--input-type=module", "-e", script], capture_output=True, text=True, check=True
    )
    assert json.loads(answer.stdout) == [number for _, _, number in VECTOR]


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_as_many_users_see_the_challenger_as_the_share_says(share):
    arms = [arm("home-page", str(user), share) for user in range(20_000)]
    assert abs(arms.count(CHALLENGER) / len(arms) - share) < 0.012


def test_another_experiment_deals_users_anew_and_a_larger_share_takes_nobody_back():
    users = [str(user) for user in range(4_000)]
    first = {user for user in users if arm("first", user, 0.5) == CHALLENGER}
    second = {user for user in users if arm("second", user, 0.5) == CHALLENGER}
    assert 900 < len(first & second) < 1_100
    assert first <= {user for user in users if arm("first", user, 0.6) == CHALLENGER}
    assert {arm("first", user, 0.0) for user in users} == {CHAMPION}
