"""`encore stop`: ends what is paid for and not used, piece by piece, and only what a person names."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from encore.config.loader import PipelineError, load_pipeline
from encore.config.models import DatasetGroup
from encore.deployment.clients import Account
from encore.deployment.inventory import read_models
from encore.deployment.spending import Unused, unused_in_account
from encore.deployment.spending import stop as stop_one
from encore.deployment.surroundings import NotAllowedError


def stop(
    names: Annotated[
        list[str] | None,
        typer.Argument(help='What to stop, as it is listed: "campaign front". Without: only list'),
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", "-f", help="Pipeline file. Default: include/pipeline.yaml")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask")] = False,
) -> None:
    """List what is paid for and not used with its price a month, and stop what is named.

    A campaign that nobody asks is deleted, a throughput far over the use lowered, a recommender stopped (it keeps its
    model), and a solution that trains by itself no longer does. Each is asked about first.
    """
    console = Console(highlight=False, soft_wrap=True)
    try:
        groups = load_pipeline(file).dataset_groups
    except PipelineError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    unknown = set(names or ())
    for group in groups:
        for entry, account in _entries(group, console):
            console.print(f"{group.name}: {entry}", markup=False)
            if entry.what not in (names or ()):
                continue
            unknown.discard(entry.what)
            if yes or typer.confirm(f"  {entry.operation.replace('_', ' ')} now?"):
                stop_one(account, entry)
                console.print(f"  done: {entry.operation}", markup=False)
                if remark := _in_file(group, entry):
                    console.print(f"  {remark}", markup=False)
    if unknown:
        console.print(f"not stopped: {', '.join(sorted(unknown))}: not among what is unused", markup=False)
        raise typer.Exit(1)


def _entries(group: DatasetGroup, console: Console) -> list[tuple[Unused, Account]]:
    account = Account(group.aws_conn_id)
    try:
        existing = read_models(account.client("personalize"), group.name)
        return [(entry, account) for entry in unused_in_account(account, existing)] if existing else []
    except NotAllowedError as error:
        console.print(f"{group.name}: ? {error}", markup=False)
        return []


def _in_file(group: DatasetGroup, entry: Unused) -> str | None:
    """What the next run would undo."""
    kind, _, name = entry.what.partition(" ")
    named = {
        "campaign": {solution.campaign_name for solution in group.solutions},
        "recommender": {recommender.name for recommender in group.recommenders},
    }
    if name not in named.get(kind, set()):
        return None
    if entry.operation == "stop_recommender":
        if any(
            recommender.name == name and recommender.state == "active" for recommender in group.recommenders
        ):
            return "the pipeline file says `state: active`: change it there, too, or the next run starts it"
        return "the pipeline file names it; a run leaves it stopped"
    return f"the pipeline file names the {kind}: change it there, too, or the next run brings it back"
