"""Looks at a live deployment: is all there that the pipeline file's DAGs need? Nothing is changed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib import metadata
from pathlib import Path

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException
from botocore.exceptions import BotoCoreError, ClientError
from jinja2 import Environment, FileSystemLoader
from packaging.requirements import Requirement

from airflow_personalize.export.exceptions import DatabaseConnectionError
from airflow_personalize.export.read.sql import JINJA_MARKERS
from airflow_personalize.pagination import list_all
from encore import pools
from encore.config.full_check import full_check
from encore.config.models import DatasetGroup, Pipeline
from encore.deployment.clients import Account
from encore.deployment.iam import Scope, permissions
from encore.deployment.inventory import read_inventory
from encore.deployment.simulation import identity_of, refused_by_bucket, refused_to
from encore.deployment.spending import unused_in_account
from encore.deployment.surroundings import NotAllowedError, bucket_problems, database_problems, role_problems

#: AWS refuses requests whose signature is older or newer than this.
MAX_CLOCK_SKEW_SECONDS = 300
WARN_CLOCK_SKEW_SECONDS = 60
_DEPLOYED = (
    "apache-airflow",
    "apache-airflow-providers-amazon",
    "apache-airflow-providers-common-sql",
    "pyarrow",
)
_QUOTA = re.compile(r"number of active (dataset groups|solutions|campaigns|filters)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Line:
    """What was looked at, and what came of it.

    :param problem: what is wrong, with the one thing to do; None: it is in order
    :param unseen: why it could not be looked at
    :param advice: it works, and something could be better
    """

    what: str
    problem: str | None = None
    unseen: str | None = None
    advice: str | None = None

    @property
    def is_good(self) -> bool:
        return self.problem is None and self.unseen is None and self.advice is None


def examine(pipeline: Pipeline, file: Path, include: Path) -> Iterator[Line]:
    """Every line, as it is seen: the file, this installation, and each group's surroundings."""
    yield from _lines_of("pipeline file", full_check(file, pipeline)[0])
    yield from _lines_of("versions", version_problems())
    yield _of_pools()
    accounts: dict[str, Account] = {}
    for group in pipeline.dataset_groups:
        account = accounts.setdefault(group.aws_conn_id, Account(group.aws_conn_id))
        yield from _of_group(pipeline, group, account, include)


def version_problems(requirements: Iterable[str] | None = None) -> Iterator[str]:
    """Packages that are older than Encore needs."""
    for text in requirements if requirements is not None else _requirements():
        requirement = Requirement(text)
        if requirement.name not in _DEPLOYED:
            continue
        try:
            version = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            yield f"{requirement.name} is not installed: pip install '{requirement}'"
            continue
        if not requirement.specifier.contains(version, prereleases=True):
            yield f"{requirement.name} is {version}: pip install '{requirement}'"


def _requirements() -> list[str]:
    """What Encore says that it needs: the installed package, or the folder that it is run from."""
    project = Path(__file__).parents[1] / "pyproject.toml"
    if project.exists():
        import tomllib

        listed: list[str] = tomllib.loads(project.read_text(encoding="utf-8"))["project"]["dependencies"]
        return listed
    return metadata.requires("encore") or []


def existing_pools() -> Collection[str]:
    """The pools that Airflow knows, from its database."""
    from airflow.models.pool import Pool

    return {str(pool.pool) for pool in Pool.get_pools()}


def _of_pools() -> Line:
    try:
        existing = existing_pools()
    except Exception as error:  # whatever the database's driver raises where there is none
        return Line("pools", unseen=f"Airflow's database can't be read from here ({type(error).__name__})")
    missing = sorted(json.loads(pools.FILE.read_text()).keys() - existing)
    if missing:
        how = f"airflow pools import {pools.FILE}"
        return Line("pools", f"{', '.join(missing)}: tasks in them would never start; {how}")
    return Line("pools")


def _of_group(pipeline: Pipeline, group: DatasetGroup, account: Account, include: Path) -> Iterator[Line]:
    yield from _of_database(group, include)
    yield from _of_channels(group)
    what = f"{group.name}: connection {group.aws_conn_id}"
    try:
        headers = account.identity["ResponseMetadata"]["HTTPHeaders"]
    except (BotoCoreError, ClientError, AirflowNotFoundException) as error:
        yield Line(what, f"no answer from AWS: {error}. Set AIRFLOW_CONN_{group.aws_conn_id.upper()}")
        yield from _of_clock(_headers(error))
        return
    yield Line(f"{what} (account {account.number}, {account.region})")
    yield from _of_clock(headers)
    yield from _checked(f"{group.name}: bucket", lambda: _bucket(group, account))
    yield from _checked(f"{group.name}: role", lambda: role_problems(group, account.client("iam")))
    yield from _of_policies(pipeline, group, account)
    yield from _checked(f"{group.name}: quotas", lambda: list(_quotas(pipeline, group, account)))
    yield from _of_spending(group, account)


def _of_database(group: DatasetGroup, include: Path) -> Iterator[Line]:
    templates = Environment(loader=FileSystemLoader(include))
    queries: dict[str, str] = {
        kind: templates.get_template(dataset.sql).render(JINJA_MARKERS)
        for kind, dataset in group.datasets.items()
    }
    what = f"{group.name}: database {group.product_db} and its queries"
    try:
        yield from _lines_of(what, database_problems(group, queries, include))
    except DatabaseConnectionError as error:
        yield Line(what, str(error))


def _of_channels(group: DatasetGroup) -> Iterator[Line]:
    for conn_id in dict.fromkeys(channel.conn_id for channel in group.notify):
        what = f"{group.name}: connection {conn_id}"
        try:
            BaseHook.get_connection(conn_id)
        except AirflowNotFoundException:
            yield Line(what, f"`notify` names it and Airflow knows none: airflow connections add {conn_id}")
        else:
            yield Line(what)


def _of_clock(headers: Mapping[str, str]) -> Iterator[Line]:
    if "date" not in headers:
        return
    aws_time = parsedate_to_datetime(headers["date"]).replace(
        tzinfo=UTC
    )  # HTTP's dates are in UTC, whatever they say
    behind = (aws_time - _now()).total_seconds()
    if abs(behind) > WARN_CLOCK_SKEW_SECONDS:
        side = "behind" if behind > 0 else "ahead"
        yield Line(
            "clock",
            f"this machine is {abs(behind):.0f} s {side} of AWS, which refuses requests from"
            f" {MAX_CLOCK_SKEW_SECONDS} s on: set it by NTP",
        )
    else:
        yield Line("clock")


def _now() -> datetime:
    return datetime.now(UTC)


def _bucket(group: DatasetGroup, account: Account) -> list[str]:
    s3 = account.client("s3")
    if problems := bucket_problems(group, s3):
        return problems
    region = s3.head_bucket(Bucket=group.bucket)["ResponseMetadata"]["HTTPHeaders"].get("x-amz-bucket-region")
    if region and region != account.region:
        return [
            f"bucket {group.bucket!r} is in {region}, Personalize in {account.region}: it imports only from its own"
            " region; use a bucket there"
        ]
    return []


def _of_policies(pipeline: Pipeline, group: DatasetGroup, account: Account) -> Iterator[Line]:
    """What the DAGs, the role and the bucket's policy allow, against what `encore iam` prints."""
    scope = Scope(account.region, account.number, account.partition)
    alone = pipeline.model_copy(update={"dataset_groups": [group]})
    needed = permissions(alone, scope)
    iam, role = account.client("iam"), scope.role(group.role)
    caller = identity_of(str(account.identity["Arn"]))
    (of_role,) = needed.roles.values()

    def of_bucket() -> Iterator[str]:
        try:
            document = account.client("s3").get_bucket_policy(Bucket=group.bucket)["Policy"]
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in ("NoSuchBucketPolicy", "NoSuchBucket"):
                document = '{"Statement": []}'
            else:
                raise NotAllowedError(f"The bucket's policy was not looked at: {error}") from error
        yield from refused_by_bucket(iam, document, role, needed.buckets[group.bucket])

    checks: list[tuple[str, Callable[[], Iterable[str]]]] = [
        (f"policies of {caller}", lambda: refused_to(iam, caller, needed.dags)),
        (f"policies of the role {group.role}", lambda: refused_to(iam, role, of_role.statements)),
        (f"policy of the bucket {group.bucket}", of_bucket),
    ]
    for what, refused in checks:
        yield from _checked(f"{group.name}: {what}", lambda refused=refused: _not_allowed(refused()))  # type: ignore[misc]


def _not_allowed(refused: Iterable[str]) -> list[str]:
    missing = list(refused)
    more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
    return [f"not allowed: {', '.join(missing[:5])}{more}; apply what `encore iam` prints"] if missing else []


def _quotas(pipeline: Pipeline, group: DatasetGroup, account: Account) -> Iterator[str]:
    """Resources that there are and that the file adds, against the file's quotas and, where allowed, AWS's own."""
    client = account.client("personalize")
    limits = {**pipeline.quotas.model_dump(), **_service_quotas(account)}
    groups = {entry["name"]: entry["datasetGroupArn"] for entry in list_all(client, "list_dataset_groups")}
    existing: dict[str, set[str]] = {"dataset_groups": set(groups)}
    arn = groups.get(group.name)
    for kind in ("solutions", "filters"):
        entries = list_all(client, f"list_{kind}", datasetGroupArn=arn) if arn else []
        existing[kind] = {entry["name"] for entry in entries}
    existing["campaigns"] = {
        entry["name"]
        for solution in (list_all(client, "list_solutions", datasetGroupArn=arn) if arn else [])
        for entry in list_all(client, "list_campaigns", solutionArn=solution["solutionArn"])
    }
    wanted = {
        "dataset_groups": {other.name for other in pipeline.dataset_groups},
        "solutions": {solution.name for solution in group.solutions}
        | {job.solution_name for job in group.batch_jobs},
        "campaigns": {solution.campaign_name for solution in group.solutions},
        "filters": {filter_.name for filter_ in group.filters},
    }
    for kind, names in wanted.items():
        together = len(names | existing[kind])
        if together > limits[kind]:
            yield (
                f"{together} {kind.replace('_', ' ')} with those of the file, and the quota is {limits[kind]}: delete"
                f" some, or ask AWS to raise it and say so in `quotas.{kind}`"
            )


def _of_spending(group: DatasetGroup, account: Account) -> Iterator[Line]:
    """What is paid for and not used: named, and no fault of the deployment."""
    what = f"{group.name}: spending"
    try:
        existing = read_inventory(account.client("personalize"), group.name)
        entries = unused_in_account(account, existing) if existing else []
    except NotAllowedError as error:
        yield Line(what, unseen=str(error))
    except (BotoCoreError, ClientError) as error:
        yield Line(what, unseen=f"the group can't be looked at: {error}")
    else:
        yield from (Line(what, advice=str(entry)) for entry in entries)
        if not entries:
            yield Line(what)


def _service_quotas(account: Account) -> dict[str, int]:
    """The account's own quotas by the names in the pipeline file; none where nobody lets us look."""
    try:
        listed = list(
            list_all(account.client("service-quotas"), "list_service_quotas", ServiceCode="personalize")
        )
    except (ClientError, BotoCoreError):
        return {}
    quotas: dict[str, int] = {}
    for entry in listed:
        if match := _QUOTA.search(entry["QuotaName"]):
            quotas[match[1].lower().replace(" ", "_")] = int(entry["Value"])
    return quotas


def _checked(what: str, check: Callable[[], Iterable[str]]) -> Iterator[Line]:
    try:
        problems = list(check())
    except NotAllowedError as error:
        yield Line(what, unseen=str(error))
    except (BotoCoreError, ClientError) as error:
        yield Line(what, f"AWS refuses the look, or does not answer: {error}")
    else:
        yield from _lines_of(what, problems)


def _lines_of(what: str, problems: Iterable[str]) -> Iterator[Line]:
    """A line for each problem, or one that says that there is none."""
    good = True
    for problem in problems:
        good = False
        yield Line(what, problem)
    if good:
        yield Line(what)


def _headers(error: Exception) -> Mapping[str, str]:
    if not isinstance(error, ClientError):
        return {}
    return error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
