"""Nothing of a request is taken and ignored silently: every member is read by the code, or is in a list with what
becomes of it.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import botocore

import localpersonalize
from localpersonalize import resource_types
from tests.support.localpersonalize import members

PACKAGE = Path(localpersonalize.__file__).parent
KINDS = [value for value in vars(resource_types).values() if isinstance(value, resource_types.ResourceKind)]
# Members whose names are made of a kind's, or that are handed on in whole: a tag's key and value.
READ_OTHERWISE = {kind.arn_member for kind in KINDS} | {"tagKey", "tagValue"}


def strings_of_the_code() -> set[str]:
    """Every string in an expression of the package: names that it looks up, not those that it only declares."""
    texts: set[str] = set()
    for file in PACKAGE.rglob("*.py"):
        if file.name == "resource_types.py":
            continue
        tree = ast.parse(file.read_text())
        statements = (node for node in ast.walk(tree) if isinstance(node, ast.Expr))
        documentation = {id(node.value) for node in statements if isinstance(node.value, ast.Constant)}
        texts |= {
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in documentation
        }
    return texts


def test_somebody_has_looked_at_every_member_of_botocores_models() -> None:
    now, known = set(members.members()), set(members.known())
    assert now == known, (
        f"botocore {botocore.__version__} has other requests than this code was compared with."
        f" New: {', '.join(sorted(now - known)) or 'none'}. Gone: {', '.join(sorted(known - now)) or 'none'}."
        " Read what is new, or list it in tests/support/localpersonalize/members.py with what becomes of it; then"
        " run python -m tests.support.localpersonalize.members."
    )


def test_every_member_is_read_or_listed() -> None:
    read = strings_of_the_code()
    silent = []
    for member in members.known():
        path = member.partition(" ")[2]
        leaf = re.sub(r"[\[\]{}]", "", path.rpartition(".")[2])
        if leaf and leaf not in read | READ_OTHERWISE and members.outcome(member) is None:
            silent.append(member)
    assert silent == [], (
        "taken and ignored: read them, or list them in tests/support/localpersonalize/members.py"
    )


def test_every_entry_of_the_list_is_a_member() -> None:
    for difference in members.DIFFERENCES:
        assert any(re.fullmatch(difference.pattern, member) for member in members.known()), difference.label


def test_a_member_that_nobody_reads_is_found() -> None:
    assert "recipeProvider" not in strings_of_the_code()
    assert "itemExplorationConfig" in strings_of_the_code()
