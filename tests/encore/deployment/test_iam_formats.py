"""The Terraform module against what the provider for AWS takes, as its published types say."""

from __future__ import annotations

import copy
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from encore.deployment.iam_formats import as_terraform
from tests.support.permitted_account import pipeline
from tests.support.terraform_provider import META, problems

KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def module(key: str | None = KEY, bucket: bool = True) -> dict[str, Any]:
    return as_terraform(pipeline("least"), key, bucket=bucket)


def paths(block: Mapping[str, Any], at: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every argument of every resource, as its path."""
    for name, value in block.items():
        path = (*at, name)
        if len(path) > 2 and path[2] not in META:
            yield path
        if isinstance(value, Mapping) and not (len(path) > 2 and path[2] in META):
            yield from paths(value, path)


def changed(path: tuple[str, ...], change: str) -> dict[str, Any]:
    document = copy.deepcopy(module())
    block = document["resource"]
    for name in path[:-1]:
        block = block[name]
    value = block.pop(path[-1])
    if change == "renamed":
        block[f"{path[-1]}s"] = value
    elif change == "of another type":
        block[path[-1]] = ["a"]
    return document


@pytest.mark.parametrize("bucket", [True, False])
@pytest.mark.parametrize("key", [KEY, None])
def test_the_provider_takes_the_module(key, bucket):
    assert list(problems(module(key, bucket))) == []


def terraform(folder: Path, *arguments: str) -> tuple[int, str]:
    program = shutil.which("terraform") or shutil.which("tofu")
    if program is None:
        pytest.skip("no terraform or tofu on this machine")
    env = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    command = [program, *arguments, "-no-color"]
    answer = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
    return answer.returncode, answer.stdout + answer.stderr


def terraform_reads(folder: Path, document: Mapping[str, Any]) -> tuple[int, str]:
    """What Terraform says of a module without the provider."""
    (folder / "main.tf.json").write_text(json.dumps(document))
    return terraform(folder, "providers")


@pytest.mark.long
def test_terraform_validates_the_module_with_the_provider(tmp_path):
    """`TERRAFORM_PLUGINS`: a folder with the provider, where it is not to be had from the registry."""
    plugins = os.environ.get("TERRAFORM_PLUGINS")
    (tmp_path / "main.tf.json").write_text(json.dumps(module()))
    code, text = terraform(tmp_path, "init", *([f"-plugin-dir={plugins}"] if plugins else []))
    if code:
        pytest.skip("Terraform's provider for AWS is not to be had: name its folder with TERRAFORM_PLUGINS")
    for key in (KEY, None):
        for bucket in (True, False):
            (tmp_path / "main.tf.json").write_text(json.dumps(module(key, bucket)))
            assert terraform(tmp_path, "validate") == (0, "Success! The configuration is valid.\n\n")
    document = module()
    next(iter(document["resource"]["aws_iam_role"].values()))["trust"] = "{}"
    (tmp_path / "main.tf.json").write_text(json.dumps(document))
    code, text = terraform(tmp_path, "validate")
    assert code != 0
    assert '"trust"' in text


def test_terraform_itself_reads_the_module_and_wants_no_provider_but_that_for_aws(tmp_path):
    code, text = terraform_reads(tmp_path, module())
    assert code == 0, text
    assert re.findall(r"provider\[[^\]]*/([^/\]]+)\]", text) == ["aws"]
    document = module()
    document["outputs"] = document.pop("output")
    code, text = terraform_reads(tmp_path, document)
    assert code != 0
    assert '"outputs"' in text


@pytest.mark.parametrize("change", ["renamed", "of another type"])
@pytest.mark.parametrize("path", list(paths(module()["resource"])), ids="/".join)
def test_any_argument_that_the_provider_would_refuse_is_found(path, change):
    refusals = list(problems(changed(path, change)))
    assert any(path[-1] in problem and path[0] in problem for problem in refusals), refusals


def test_a_missing_argument_a_wrong_resource_and_a_wrong_attribute_are_found():
    (role,) = module()["resource"]["aws_iam_role"]
    without = changed(("aws_iam_role", role, "assume_role_policy"), "removed")
    assert list(problems(without)) == [f"aws_iam_role.{role}: missing argument assume_role_policy"]
    other = module()
    other["resource"]["aws_iam_rolle"] = other["resource"].pop("aws_iam_role")
    assert "aws_iam_rolle: no such resource" in list(problems(other))
    other = module()
    next(iter(other["output"].values()))["value"] = "${aws_iam_policy.encore_dags.arm}"
    assert list(problems(other)) == ["aws_iam_policy has no attribute arm"]
