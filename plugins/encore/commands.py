"""The commands of `encore`: the pipeline file, what it needs of an account, and how the two stand with each other."""

from __future__ import annotations

import typer

from encore.config.__main__ import check, schema
from encore.deployment.commands import adopt, doctor, iam, plan
from encore.deployment.stop_command import stop

app = typer.Typer(
    help="The pipeline file, what it needs of an account, and how the two stand with each other.",
    no_args_is_help=True,
    add_completion=False,
)
for command in (check, schema, iam, doctor, plan, adopt, stop):
    app.command()(command)
