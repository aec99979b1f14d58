"""`make demo`, `make up`, `make visitors` and `make down`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from demo import local_aws, movielens, product_database, results, shop, stack
from demo.airflow import USER, AirflowClient, environment
from demo.progress import RunFailedError, follow
from demo.settings import ROOT, Settings
from encore.config import load_pipeline
from encore.config.models import DagName

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, help=__doc__)
console = Console(width=None if sys.stdout.isatty() else 140)
Data = Annotated[Path | None, typer.Option(help="Folder with MovieLens 100K; default: a generated shop")]


@app.command()
def demo(data: Data = None) -> None:
    """Fill the product database, run the export and the retraining, show what came out, and stop."""
    settings = _settings(data)
    if stack.running(settings.home):
        console.print(f"Using the stack that runs in {settings.home}.")
        postgres, client = stack.attach(settings)
        _run(settings, postgres.uri("shop"), client, data, check=lambda: None)
        return
    owned = stack.Stack(settings)
    _stop_on_signals()
    try:
        owned.start(_print)
        _run(settings, owned.postgres.uri("shop"), owned.client(), data, check=owned.check)
    finally:
        _print("Stopping")
        owned.stop()


@app.command()
def up(data: Data = None) -> None:
    """Start the stack and leave it running until `make down`."""
    settings = _settings(data)
    if not stack.running(settings.home):
        log = settings.home / "logs" / "stack.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "demo", "serve", *(["--data", str(data)] if data else [])]
        with log.open("ab") as output:
            owner = subprocess.Popen(
                command,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        (settings.home / "ready").unlink(missing_ok=True)
        with console.status("Starting PostgreSQL, the local AWS endpoint and Airflow"):
            while not (settings.home / "ready").exists():
                if owner.poll() is not None:
                    console.print(log.read_text()[-3000:])
                    raise typer.Exit(1)
                time.sleep(0.3)
    console.print(
        f"Airflow:    {settings.airflow_url}  (user {USER}, password {settings.secrets.airflow_password})"
    )
    console.print(f"AWS:        {settings.aws_endpoint}  (key pair: {settings.home / 'settings.json'})")
    console.print(f"State:      {settings.home}")
    console.print("`make down` stops it.")


@app.command()
def visitors(
    visits: Annotated[int, typer.Option(help="Customers who come, each once")] = 600,
    seed: Annotated[int, typer.Option(help="Who comes, and their chances")] = 1,
) -> None:
    """Let simulated customers visit the shop that runs; show what its two recommenders have sold."""
    from demo import online_loop

    settings = _settings(None)
    if not stack.running(settings.home):
        console.print("The generated shop does not run: `make up` first, and a run of retrain_recommenders.")
        raise typer.Exit(1)
    postgres, _ = stack.attach(settings)
    try:
        online_loop.run(console, settings, postgres.uri("shop"), visits, seed)
    except online_loop.NotReadyError as error:
        console.print(str(error))
        raise typer.Exit(1) from None


@app.command(hidden=True)
def serve(data: Data = None) -> None:
    """Own the stack until asked to stop: what `up` leaves running."""
    settings = _settings(data)
    owned = stack.Stack(settings, schedules=True)
    _stop_on_signals()
    try:
        owned.start(_print)
        _fill(owned.postgres.uri("shop"), data)
        (settings.home / "ready").touch()
        while True:
            owned.check()
            time.sleep(2)
    finally:
        (settings.home / "ready").unlink(missing_ok=True)
        owned.stop()


@app.command()
def down() -> None:
    """Stop every stack of this checkout."""
    from demo.postgres import Postgres
    from demo.settings import homes

    for home in homes():
        if stack.running(home):
            with console.status(f"Stopping {home.name}"):
                while stack.running(home):
                    stack.request_stop(home)
                    time.sleep(0.3)
        stack.sweep(home)
        if (home / "pg" / "postmaster.pid").exists():  # its owner was killed
            Postgres(home / "pg").start().stop()
    console.print("Nothing is running.")


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
)
def airflow(context: typer.Context) -> None:
    """Airflow's command line, with the settings of the stack that runs: `make airflow ARGS="dags list"`."""
    from demo.postgres import Postgres
    from demo.settings import homes

    running = [home for home in homes() if stack.running(home)]
    if len(running) != 1:
        names = ", ".join(home.name for home in running)
        console.print(
            f"{names} run: stop one with `make down`." if running else "Nothing is running: `make up` first."
        )
        raise typer.Exit(1)
    settings, postgres = Settings.load(running[0]), Postgres(running[0] / "pg").start()
    command = [sys.executable, "-W", "ignore", "-m", "airflow", *context.args]
    os.execve(sys.executable, command, environment(settings, postgres))


def _settings(data: Path | None) -> Settings:
    from demo.settings import home

    return Settings.load(home(data))


def _run(settings: Settings, database: str, client: AirflowClient, data: Path | None, check: object) -> None:
    group = load_pipeline().dataset_groups[0]
    _fill(database, data)
    first, last = product_database.history(database)
    logs = str(settings.home / "airflow" / "logs")
    window = {"from_date": first.isoformat(), "to_date": last.isoformat()}
    retraining: dict[str, str] = {}
    if product_database.is_old(last, group.data_gate.max_age_hours):
        console.print(
            f"The newest event is of {last}: as that is old, the run is as of that day, and its gate only warns"
        )
        retraining = {"as_of": last.isoformat(), "data_gate": "warn"}
    try:
        runs: tuple[tuple[DagName, dict[str, str]], ...] = (
            ("export_interactions", window),
            ("retrain_recommenders", retraining),
        )
        for name, params in runs:
            dag_id = group.dag_id(name)
            console.print(f"\n[bold]{dag_id}[/]  {', '.join(f'{k}={v}' for k, v in params.items())}")
            client.wait_for_dag(dag_id)
            client.unpause(dag_id)
            run_id = client.trigger(dag_id, params)
            follow(client, dag_id, run_id, console, check, logs)  # type: ignore[arg-type]
    except RunFailedError as failure:
        for task in failure.tasks:
            console.print(
                f"\n[red bold]{escape(task.task)} failed[/]\n  {escape(task.error)}\n  log: {task.log}",
                highlight=False,
            )
        raise typer.Exit(1) from None
    console.print()
    users, items = product_database.busy(database, results.SAMPLE)
    results.show(
        console,
        group,
        local_aws.client(settings, "personalize"),
        local_aws.client(settings, "personalize-runtime"),
        product_database.titles(database),
        results.Sample(users, items),
    )


def _fill(database: str, data: Path | None) -> None:
    source = f"MovieLens 100K from {data.name}" if data else "a generated shop"
    if product_database.loaded_source(database) != source:
        _print(f"Filling the product database with {source}")
        product_database.load(database, movielens.read(data) if data else shop.generate(), source)
    counts = product_database.counts(database)
    _print("Product database: " + ", ".join(f"{rows:,} {table}" for table, rows in counts.items()))


def _stop_on_signals() -> None:
    """The first signal ends the program in good order; more of them don't disturb that."""
    numbers = (signal.SIGTERM, signal.SIGHUP)

    def stop(*_: object) -> None:
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)
        sys.exit(143)

    for number in numbers:
        signal.signal(number, stop)


def _print(message: str) -> None:
    console.print(f"[dim]{time.strftime('%H:%M:%S')}[/] {message}", highlight=False)


if __name__ == "__main__":
    app()
