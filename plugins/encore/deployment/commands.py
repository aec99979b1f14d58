"""The commands of `encore` that are about an account."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from encore.config.loader import PIPELINE_FILE, PipelineError, include_folder, load_pipeline, pipeline_file
from encore.config.models import DatasetGroup, Pipeline
from encore.deployment.adopt import AdoptionError, write
from encore.deployment.adopt import adopt as take_over
from encore.deployment.apply import apply as make
from encore.deployment.clients import Account
from encore.deployment.difference import Difference, is_difference
from encore.deployment.doctor import examine
from encore.deployment.iam import Scope
from encore.deployment.iam_formats import as_cloudformation, as_json, as_terraform
from encore.deployment.inventory import Inventory, read_inventory
from encore.deployment.plan import differences
from encore.deployment.spending import unused_in_account
from encore.deployment.surroundings import NotAllowedError

File = Annotated[
    Path | None, typer.Option("--file", "-f", help="Pipeline file. Default: include/pipeline.yaml")
]


class Format(StrEnum):
    JSON = "json"
    CLOUDFORMATION = "cloudformation"
    TERRAFORM = "terraform"


def iam(
    file: File = None,
    format: Annotated[Format, typer.Option(help="Terraform: a module to save as main.tf.json")] = Format.JSON,
    account: Annotated[str, typer.Option(help="For json: the account's number")] = "",
    region: Annotated[str, typer.Option(help="For json. Default: AWS_DEFAULT_REGION")] = "",
    partition: Annotated[str, typer.Option(help="For json: aws, aws-cn, aws-us-gov")] = "aws",
    kms_key: Annotated[str | None, typer.Option(help="ARN of the key that encrypts the bucket")] = None,
    bucket: Annotated[bool, typer.Option("--bucket", help="Also make the bucket (not json)")] = False,
    apply: Annotated[
        bool, typer.Option("--apply", help="Print nothing: make bucket, role and their policies now")
    ] = False,
) -> None:
    """Print the least IAM policies for the DAGs, the role for Personalize and the policy of the bucket.

    For exactly this pipeline file: run it again when the file changes.
    """
    pipeline = _load(file)
    if apply:
        for aws_conn_id, part in _by_connection(pipeline).items():
            for done in make(part, Account(aws_conn_id), kms_key):
                typer.echo(done)
        return
    if format is Format.CLOUDFORMATION:
        document = as_cloudformation(pipeline, kms_key, bucket)
    elif format is Format.TERRAFORM:
        document = as_terraform(pipeline, kms_key, bucket)
    else:
        region = region or os.environ.get("AWS_DEFAULT_REGION", "")
        missing = [name for name, value in (("--account", account), ("--region", region)) if not value]
        if missing:
            raise typer.BadParameter(f"policies as JSON name ARNs: give {' and '.join(missing)}")
        document = as_json(pipeline, Scope(region, account, partition), kms_key)
    typer.echo(json.dumps(document, indent=2))


def _by_connection(pipeline: Pipeline) -> dict[str, Pipeline]:
    """The groups of each account."""
    groups: dict[str, list[DatasetGroup]] = {}
    for group in pipeline.dataset_groups:
        groups.setdefault(group.aws_conn_id, []).append(group)
    return {name: pipeline.model_copy(update={"dataset_groups": part}) for name, part in groups.items()}


def doctor(file: File = None) -> None:
    """Look at the live deployment, before the first run and any time; nothing is changed.

    Run it where the DAGs run, with their connections. Exit status 1: something is to be done first.
    """
    console = Console(highlight=False, soft_wrap=True)
    wrong = unseen = 0
    for line in examine(_load(file), pipeline_file(file), include_folder()):
        if line.problem:
            wrong += 1
            console.print(f"[red]✗ {line.what}[/]: ", end="")
            console.print(line.problem, markup=False)
        elif line.unseen:
            unseen += 1
            console.print(f"[yellow]? {line.what}[/]: ", end="")
            console.print(line.unseen, markup=False)
        elif line.advice:
            console.print(f"[yellow]$ {line.what}[/]: ", end="")
            console.print(line.advice, markup=False)
        else:
            console.print(f"[green]✓ {line.what}[/]")
    said = f"{wrong} to be done" if wrong else "nothing to be done"
    console.print(said + (f", {unseen} not looked at" if unseen else ""))
    raise typer.Exit(1 if wrong else 0)


def plan(file: File = None) -> None:
    """Show how the pipeline file and the account differ, and what a run would do about it; nothing is changed.

    Exit status 0: no difference; 2: there are some.
    """
    pipeline = _load(file)
    console = Console(highlight=False, soft_wrap=True)
    differing = 0
    for group in pipeline.dataset_groups:
        account = Account(group.aws_conn_id)
        existing = read_inventory(account.client("personalize"), group.name)
        differing += _show(console, group.name, list(differences(group, existing, include_folder())))
        if existing:
            _show_unused(console, account, existing)
    raise typer.Exit(2 if differing else 0)


def adopt(
    group: Annotated[str, typer.Argument(help="Name of the dataset group in the account")],
    out: Annotated[Path, typer.Option(help="Pipeline file to write")] = PIPELINE_FILE,
    connection: Annotated[str, typer.Option(help="Airflow connection of the account")] = "aws_default",
    bucket: Annotated[str | None, typer.Option(help="Default: where its last import came from")] = None,
    role: Annotated[str | None, typer.Option(help="Default: what its last import took")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file")] = False,
) -> None:
    """Write a pipeline file for a dataset group that exists, and show what a run would change of it.

    Nothing is changed in AWS, and nothing is trained. Queries are written as far as the schemas say them.
    """
    console = Console(highlight=False, soft_wrap=True)
    existing = read_inventory(Account(connection).client("personalize"), group)
    if existing is None:
        raise typer.BadParameter(f"the account of {connection} has no dataset group {group}")
    try:
        adoption = take_over(existing, bucket, role)
        if connection != "aws_default":
            adoption.group["aws_conn_id"] = connection
        written = write(adoption, out, include_folder(), overwrite)
    except (AdoptionError, FileExistsError) as error:
        console.print(str(error), markup=False)
        raise typer.Exit(1) from None
    for path in written:
        console.print(f"wrote {path}", markup=False)
    for note in adoption.notes:
        console.print(f"  {note}", markup=False)
    adopted = _load(out).dataset_groups[0]
    _show(console, group, list(differences(adopted, existing, include_folder())))


_SIGNS = {"create": "[green]+", "update": "[yellow]~", "blocked": "[red]![/] blocked:[red]", "left": "[dim]="}


def _show(console: Console, group: str, entries: Sequence[Difference]) -> int:
    """Print the differences of a group; how many there are that a run would act on."""
    console.print(f"[bold]{group}[/]")
    for entry in entries:
        said = "left alone" if entry.action == "left" else entry.details
        console.print(f"  {_SIGNS[entry.action]} {entry.what}[/]", end="")
        console.print(f": {said}" if said else "", markup=False)
    differing = sum(is_difference(entry) for entry in entries)
    console.print(f"  {differing} to change" if differing else "  no difference")
    return differing


def _show_unused(console: Console, account: Account, existing: Inventory) -> None:
    """Print what is paid for and not used: no difference, and nothing that a run changes."""
    try:
        entries = unused_in_account(account, existing)
    except NotAllowedError as error:
        console.print(f"  ? spending: {error}", markup=False)
        return
    for entry in entries:
        console.print("  [yellow]$[/] ", end="")
        console.print(str(entry), markup=False)


def _load(file: Path | None) -> Pipeline:
    try:
        return load_pipeline(file)
    except PipelineError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
