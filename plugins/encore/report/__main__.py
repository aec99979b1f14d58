"""`python -m encore.report`: the history of a dataset group as an HTML file, its metrics as SVG files beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from encore import history
from encore.config import load_pipeline
from encore.metric_names import METRIC
from encore.report import experiments
from encore.report.draw import online_results
from encore.report.page import drawings, page


def main(
    out: Annotated[Path, typer.Option(help="Folder to write to")] = Path("report"),
    group: Annotated[
        str | None, typer.Option(help="Dataset group; default: the first of the pipeline file")
    ] = None,
    metric: Annotated[str, typer.Option(help="Metric to draw, by the service's name")] = METRIC,
    parquet: Annotated[
        Path | None, typer.Option(help="Folder with the history's files, instead of S3")
    ] = None,
) -> None:
    """Draw what every run has led to."""
    name, rows, beside = _rows(group, parquet)
    if not rows:
        typer.echo(f"No run of {name} has been recorded yet: run retrain_recommenders first.", err=True)
        raise typer.Exit(1)
    out.mkdir(parents=True, exist_ok=True)
    for drawing, content in drawings(rows, metric).items():
        (out / f"{drawing}.svg").write_text(content)
    (out / "report.html").write_text(page(rows, name, metric, **beside))
    typer.echo(f"{len(rows)} versions: {out / 'report.html'}")


def _rows(group: str | None, parquet: Path | None) -> tuple[str, list[dict[str, Any]], dict[str, Any]]:
    """The group's name, its history, and what the report shows beside it; of files alone nothing tells that."""
    if parquet is not None:
        rows = [
            row
            for file in sorted(parquet.glob("*.parquet"))
            for row in history.from_parquet(file.read_bytes())
        ]
        rows = [row for row in rows if group in (None, row["dataset_group"])]
        name = group or (rows[0]["dataset_group"] if rows else str(parquet))
        return name, sorted(rows, key=lambda row: (row["recorded_at"], row["solution"])), {}
    from airflow_personalize.s3 import s3_client

    groups = {entry.name: entry for entry in load_pipeline().dataset_groups}
    if group is not None and group not in groups:
        raise typer.BadParameter(f"the pipeline file has no dataset group {group}, only {', '.join(groups)}")
    selected = groups[group] if group else next(iter(groups.values()))
    s3 = s3_client(selected.aws_conn_id)
    rows = history.read(s3, selected.bucket, selected.prefix)
    beside = {
        "results": online_results(selected, rows, s3),
        "experiment": experiments.read(s3, selected),
    }
    return selected.name, rows, beside


if __name__ == "__main__":
    typer.run(main)
