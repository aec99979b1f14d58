"""`python -m encore.config check` explains the pipeline file; `schema` writes its JSON Schema for editors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from encore.config.describe import describe
from encore.config.full_check import full_check
from encore.config.json_schema import SCHEMA_FILE, json_schema
from encore.config.loader import INCLUDE, PipelineError, compose, load_pipeline, located, pipeline_file
from encore.config.validation import warnings

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False)


@app.command()
def check(file: Annotated[Path | None, typer.Argument(help="Default: include/pipeline.yaml")] = None) -> None:
    """Say what the file asks for, and what is wrong with it. Exit code 1 if it can't be used."""
    console = Console()
    path = pipeline_file(file)
    try:
        pipeline = load_pipeline(path)
    except PipelineError as error:
        console.print(f"[red bold]{path} can't be used[/]", highlight=False)
        console.print(str(error), markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(1) from None
    for group in pipeline.dataset_groups:
        console.print(describe(group))
    problems, unread = full_check(path, pipeline)
    if problems:
        console.print(f"[red bold]what {path} names can't be used[/]", highlight=False)
        console.print("\n".join(problems), markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(1)
    for line in [*located(path, compose(path), warnings(pipeline)), *unread]:
        console.print(f"warning: {line}", style="yellow", markup=False, highlight=False, soft_wrap=True)
    console.print(f"{path} is in order.", style="green", highlight=False)


@app.command()
def schema(out: Annotated[Path, typer.Argument(help="File to write")] = INCLUDE / SCHEMA_FILE) -> None:
    """Write the JSON Schema that editors complete the file with."""
    out.write_text(json_schema())
    typer.echo(out)


@app.command(hidden=True)
def show() -> None:
    """The file with all defaults, as JSON."""
    typer.echo(json.dumps(load_pipeline().model_dump(mode="json", by_alias=True), indent=2))


if __name__ == "__main__":
    app()
