"""The commands of `encore` that are about an account."""

from __future__ import annotations

import json
import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from encore.config.loader import INCLUDE, PipelineError, load_pipeline, pipeline_file
from encore.config.models import Pipeline
from encore.deployment.doctor import examine
from encore.deployment.iam import Scope
from encore.deployment.iam_formats import as_cloudformation, as_json, as_terraform

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
) -> None:
    """Print the least IAM policies for the DAGs, the role for Personalize and the policy of the bucket.

    For exactly this pipeline file: run it again when the file changes.
    """
    pipeline = _load(file)
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


def doctor(file: File = None) -> None:
    """Look at the live deployment, before the first run and any time; nothing is changed.

    Run it where the DAGs run, with their connections. Exit status 1: something is to be done first.
    """
    console = Console(highlight=False, soft_wrap=True)
    wrong = unseen = 0
    for line in examine(_load(file), pipeline_file(file), INCLUDE):
        if line.problem:
            wrong += 1
            console.print(f"[red]✗ {line.what}[/]: ", end="")
            console.print(line.problem, markup=False)
        elif line.unseen:
            unseen += 1
            console.print(f"[yellow]? {line.what}[/]: ", end="")
            console.print(line.unseen, markup=False)
        else:
            console.print(f"[green]✓ {line.what}[/]")
    said = f"{wrong} to be done" if wrong else "nothing to be done"
    console.print(said + (f", {unseen} not looked at" if unseen else ""))
    raise typer.Exit(1 if wrong else 0)


def _load(file: Path | None) -> Pipeline:
    try:
        return load_pipeline(file)
    except PipelineError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
