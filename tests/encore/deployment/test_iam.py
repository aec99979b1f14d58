"""The run passes under just the policies that `encore iam` prints, and not without any one of their statements."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Sequence
from typing import Any

import cfnlint.api
import pytest
from airflow.sdk.exceptions import AirflowException
from typer.testing import CliRunner

from airflow_personalize.exceptions import PersonalizeError
from encore.commands import app
from encore.config import load_pipeline
from encore.config.models import Pipeline
from encore.deployment.apply import apply
from encore.deployment.clients import Account
from encore.deployment.iam import permissions
from encore.deployment.iam_formats import as_cloudformation, as_json, as_terraform
from tests.support.enforced_policies import ACCOUNT, EnforcedPolicies
from tests.support.operator_runs import REGION
from tests.support.permitted_account import BUCKET, ROLE, SCOPE, PermittedAccount, account, pipeline
from tests.support.permitted_run import PermittedRun

__all__ = ["account"]

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
# What a person's click asks for, what an earlier run's traces ask for, and what only a changed schema or a solution
# of other settings asks for.
NOT_IN_EVERY_RUN = {
    "cloudwatch:GetMetricData",
    "personalize:DescribeRecommender",
    "personalize:StopSolutionVersionCreation",
    "personalize:UpdateCampaign",
    "personalize:UpdateDataset",
    "personalize:UpdateSolution",
    "personalize:DescribeBatchSegmentJob",
    "personalize:DescribeSchema",
    "s3:AbortMultipartUpload",
}


def run(account: PermittedAccount, name: str, statements: Sequence[dict[str, Any]]) -> set[str]:
    """A whole run under these statements; the actions that it asked for."""
    ran = PermittedRun(pipeline(name).dataset_groups[0])
    with EnforcedPolicies(statements) as enforced:
        ran.before_clean_up()
    account.leave_traces(ran)
    with EnforcedPolicies(statements) as at_the_end:
        ran.look_at_spending()
        ran.clean_up()
    return enforced.used | at_the_end.used


@pytest.mark.long
def test_the_run_passes_under_the_policies_and_asks_for_every_action_in_them(account):
    needed = permissions(pipeline("least"), SCOPE)
    account.apply(needed)
    used = run(account, "least", needed.dags)
    granted = {action for statement in needed.dags for action in statement["Action"]}
    assert granted - used == NOT_IN_EVERY_RUN & granted


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_without_any_statement_of_the_dags_the_run_names_what_is_missing(account):
    names = [statement["Sid"] for statement in permissions(pipeline("x"), SCOPE).dags]
    unnamed = []
    for number, sid in enumerate(names):
        name = f"without{number}"
        needed = permissions(pipeline(name), SCOPE)
        account.apply(needed)
        left = [statement for position, statement in enumerate(needed.dags) if position != number]
        removed = needed.dags[number]
        try:
            run(account, name, left)
        except Exception as error:
            if not any(action in str(error) for action in removed["Action"]):
                unnamed.append((sid, str(error)))
        else:
            unnamed.append((sid, "passed"))
    assert unnamed == []


@pytest.mark.long
def test_without_any_statement_of_the_role_or_the_bucket_a_job_names_what_is_missing(account):
    of_role = permissions(pipeline("x"), SCOPE).roles[ROLE].statements
    unnamed = []
    for where in ("role", "bucket"):
        for number, statement in enumerate(of_role):
            name = f"{where}{number}"
            needed = permissions(pipeline(name), SCOPE)
            statements = needed.roles[ROLE].statements if where == "role" else needed.buckets[BUCKET]
            del statements[number]
            account.apply(needed)
            with pytest.raises((AirflowException, PersonalizeError)) as failed:
                run(account, name, needed.dags)
            if statement["Action"][0] not in str(failed.value):
                unnamed.append((where, statement["Sid"], str(failed.value)))
    assert unnamed == []


def test_the_template_passes_cfn_lint_and_holds_the_policies():
    template = as_cloudformation(pipeline("least"), KEY, bucket=True)
    assert lint(json.dumps(template)) == []
    kinds = Counter(resource["Type"] for resource in template["Resources"].values())
    assert kinds == {
        "AWS::IAM::ManagedPolicy": 2,
        "AWS::IAM::Role": 1,
        "AWS::S3::Bucket": 1,
        "AWS::S3::BucketPolicy": 1,
    }


def test_the_shipped_file_and_a_large_one_fit_into_managed_policies_of_iams_size():
    groups = [pipeline(f"group{number}").dataset_groups[0].model_dump(by_alias=True) for number in range(8)]
    large = Pipeline.model_validate({"dataset_groups": [{**g, "dag_suffix": None} for g in groups]})
    for settings in (load_pipeline(), large):
        documents = as_json(settings, SCOPE)["dags"]
        assert all(len(re.sub(r"\s", "", json.dumps(document))) < 6144 for document in documents)
        assert lint(json.dumps(as_cloudformation(settings))) == []
    assert len(documents) > 1


def test_the_module_of_terraform_says_the_same_in_its_own_placeholders():
    module = as_terraform(pipeline("least"), KEY, bucket=True)
    known = set(re.findall(r"\$\{data\.(\w+)\.this\.\w+\}", json.dumps(module["resource"])))
    assert known == set(module["data"])
    text = module["resource"]["aws_iam_policy"]["encore_dags"]["policy"]
    for attribute, value in (("id", REGION), ("account_id", ACCOUNT), ("partition", "aws")):
        text = re.sub(rf"\$\{{data\.\w+\.this\.{attribute}\}}", value, text)
    assert json.loads(text) == as_json(pipeline("least"), SCOPE, KEY)["dags"][0]


def test_a_key_is_in_every_policy_that_reads_or_writes_what_it_encrypts():
    needed = permissions(pipeline("least"), SCOPE, KEY)
    assert "kms:Decrypt" in actions_on(needed.dags, KEY)
    assert "kms:GenerateDataKey" in actions_on(needed.roles[ROLE].statements, KEY)
    assert needed.key[0]["Principal"]["Service"] == "personalize.amazonaws.com"


def test_what_a_group_has_no_use_for_is_not_allowed():
    settings = pipeline("least").model_dump(by_alias=True)
    for key in ("filters", "batch", "retention"):
        del settings["dataset_groups"][0][key]
    needed = permissions(Pipeline.model_validate(settings), SCOPE)
    granted = {action for statement in needed.dags for action in statement["Action"]}
    assert not {
        a for a in granted if "Filter" in a or "CreateBatch" in a or a.startswith("personalize:DeleteC")
    }
    assert "s3:PutObject" not in {a for s in needed.roles[ROLE].statements for a in s["Action"]}


def test_a_comparison_needs_batch_jobs_their_output_and_a_look_for_event_trackers():
    settings = pipeline("least").model_dump(by_alias=True)
    group = settings["dataset_groups"][0]
    del group["batch"]
    needed = permissions(
        Pipeline.model_validate({**settings, "dataset_groups": [{**group, "comparison": {}}]}), SCOPE
    )
    granted = {action for statement in needed.dags for action in statement["Action"]}
    assert {"personalize:CreateBatchInferenceJob", "personalize:ListEventTrackers"} <= granted
    written = [
        r for s in needed.roles[ROLE].statements if "s3:PutObject" in s["Action"] for r in s["Resource"]
    ]
    assert [resource.split("/", 1)[1] for resource in written] == [f"{group['prefix']}/batch/comparison/*"]


def test_recommenders_need_their_own_and_no_others():
    settings = pipeline("least").model_dump(by_alias=True)
    recommender = {"name": "top", "recipe": "aws-ecomm-popular-items-by-views"}
    group = {**settings["dataset_groups"][0], "domain": "ECOMMERCE", "recommenders": [recommender]}
    needed = permissions(Pipeline.model_validate({**settings, "dataset_groups": [group]}), SCOPE).dags
    arn = f"arn:aws:personalize:{REGION}:{ACCOUNT}:recommender/top"
    verbs = ("CreateRecommender", "TagResource", "UpdateRecommender")
    assert actions_on(needed, arn) == {f"personalize:{verb}" for verb in verbs}
    of_group = actions_on(needed, f"arn:aws:personalize:{REGION}:{ACCOUNT}:dataset-group/least")
    assert "personalize:CreateRecommender" in of_group
    assert "personalize:GetActionRecommendations" not in {a for s in needed for a in s["Action"]}


def test_events_and_attribution_need_their_resources_and_the_bucket_only_what_is_of_s3():
    settings = pipeline("least").model_dump(by_alias=True)
    group = {
        **settings["dataset_groups"][0],
        "event_tracker": {},
        "metric_attribution": {"metrics": [{"name": "clicks", "event_type": "click"}]},
    }
    needed = permissions(Pipeline.model_validate({**settings, "dataset_groups": [group]}), SCOPE)
    granted = {action for statement in needed.dags for action in statement["Action"]}
    assert {"personalize:CreateEventTracker", "personalize:DescribeEventTracker"} <= granted
    assert {"personalize:UpdateMetricAttribution", "personalize:ListMetricAttributionMetrics"} <= granted
    assert {"cloudwatch:GetMetricData", "cloudwatch:ListMetrics"} <= granted, "to read it back"
    of_role = [action for statement in needed.roles[ROLE].statements for action in statement["Action"]]
    assert "cloudwatch:PutMetricData" in of_role
    written = actions_on(
        needed.roles[ROLE].statements, f"arn:aws:s3:::{BUCKET}/{group['prefix']}/attribution/*"
    )
    assert written == {"s3:PutObject"}
    of_bucket = {action for statement in needed.buckets[BUCKET] for action in statement["Action"]}
    assert all(action.startswith("s3:") for action in of_bucket)


def actions_on(statements: Sequence[dict[str, Any]], resource: str) -> set[str]:
    return {
        action
        for statement in statements
        if resource in statement["Resource"]
        for action in statement["Action"]
    }


def lint(template: str) -> list[str]:
    return [str(match) for match in cfnlint.api.lint(template)]


def test_the_command_prints_every_format_and_asks_for_what_json_lacks():
    def run_command(*arguments: str):
        return CliRunner().invoke(app, ["iam", *arguments], env={"AWS_DEFAULT_REGION": ""})

    assert "EncoreDags" in json.loads(run_command("--format", "cloudformation").stdout)["Resources"]
    assert "aws_iam_policy" in json.loads(run_command("--format", "terraform").stdout)["resource"]
    policies = json.loads(run_command("--account", ACCOUNT, "--region", REGION).stdout)
    assert policies["roles"]["EncorePersonalizeRole"]["trust"]["Statement"][0]["Action"] == "sts:AssumeRole"
    refused = run_command("--region", REGION)
    assert refused.exit_code == 2
    assert "--account" in refused.stderr


def test_bucket_and_role_are_made_as_printed_however_often(service):
    settings = pipeline("applied").model_dump(by_alias=True)
    settings["dataset_groups"][0] |= {"bucket": "encore-applied", "role": "AppliedRole"}
    applied = Pipeline.model_validate(settings)
    s3, iam = service.client("s3"), service.client("iam")
    for _ in range(2):
        done = list(apply(applied, Account("aws_default")))
        assert done == ["bucket encore-applied with its policy", "role AppliedRole with its policy"]
    printed = as_json(applied, SCOPE)
    assert (
        json.loads(s3.get_bucket_policy(Bucket="encore-applied")["Policy"])
        == printed["buckets"]["encore-applied"]
    )
    document = iam.get_role_policy(RoleName="AppliedRole", PolicyName="encore")["PolicyDocument"]
    assert document == printed["roles"]["AppliedRole"]["policy"]
    trust = iam.get_role(RoleName="AppliedRole")["Role"]["AssumeRolePolicyDocument"]
    assert trust == printed["roles"]["AppliedRole"]["trust"]


@pytest.fixture
def module(tmp_path):
    """The folder of the module, with Terraform to read it."""
    if shutil.which("terraform") is None:
        pytest.skip("no terraform on this machine")
    document = as_terraform(pipeline("least"), KEY, bucket=True)
    (tmp_path / "main.tf.json").write_text(json.dumps(document))
    return tmp_path


def terraform(folder, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["terraform", *arguments, "-no-color"], cwd=folder, capture_output=True, text=True, timeout=120
    )


@pytest.mark.parametrize("fault", [None, ('"resource"', '"resourcee"'), ('"policy"', '"policy')])
def test_terraform_reads_the_module_and_its_blocks(module, fault):
    file = module / "main.tf.json"
    if fault:
        file.write_text(file.read_text().replace(*fault))
    done = terraform(module, "providers")
    assert (done.returncode == 0) == (fault is None), done.stderr
    assert fault or "hashicorp/aws" in done.stdout


@pytest.mark.long
def test_terraform_validates_the_module_where_its_provider_can_be_had(module):
    if terraform(module, "init", "-backend=false").returncode:
        pytest.skip("Terraform's AWS provider can't be had here")
    validated = terraform(module, "validate")
    assert validated.returncode == 0, validated.stdout + validated.stderr
