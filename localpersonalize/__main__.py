"""`python -m localpersonalize`: serve Amazon Personalize, S3 and IAM on one port of this machine."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from localpersonalize.disk import lock, replacement
from localpersonalize.state.errors import StateError

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, help=__doc__)

states = typer.Typer(help="Save, load or reset all that a service that runs has.")
app.add_typer(states, name="state")

DEFAULT_ENDPOINT = "http://127.0.0.1:4580"
Endpoint = Annotated[str, typer.Option(envvar="AWS_ENDPOINT_URL", help="Where the service answers")]
DEFAULT_DATA_DIR = Path("localpersonalize-data")


@app.callback(invoke_without_command=True)
def serve(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="Address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on")] = 4580,
    data_dir: Annotated[Path, typer.Option(help="Where everything is kept")] = DEFAULT_DATA_DIR,
    region: Annotated[str, typer.Option(help="Region in ARNs")] = "us-east-1",
    account: Annotated[str, typer.Option(help="Account in ARNs")] = "123456789012",
    pace: Annotated[str, typer.Option(help="`fast`, or a factor of the real service's minutes")] = "fast",
    s3_endpoint: Annotated[str | None, typer.Option(help="Another S3 than the built-in one")] = None,
    quotas_file: Annotated[
        Path | None, typer.Option("--quotas", help="Quotas (TOML); DATA_DIR/quotas.toml if there is one")
    ] = None,
    faults_file: Annotated[
        Path | None, typer.Option("--faults", help="What goes wrong on purpose (TOML)")
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Imports, trainings and batch jobs at a time; default by machine"),
    ] = None,
    worker_memory: Annotated[
        int | None, typer.Option(min=1, help="Megabytes that each of them may have; default by machine")
    ] = None,
    init: Annotated[
        Path | None,
        typer.Option(help="Folder of scripts and resources (*.sh, *.py, *.json) to run before it is ready"),
    ] = None,
    log_format: Annotated[str, typer.Option(help="`text` or `json`")] = "text",
    allow_origin: Annotated[
        list[str] | None,
        typer.Option(help="Origin of web pages that may call, such as http://localhost:3000"),
    ] = None,
    allow_host: Annotated[
        list[str] | None, typer.Option(help="Another name of this server, for the page, health and metrics")
    ] = None,
    metrics_with_arns: Annotated[bool, typer.Option(help="Show what serves on /metrics")] = False,
    page: Annotated[
        bool | None,
        typer.Option(
            "--page/--no-page",
            help="The page at /, which asks for no key; default: on this machine's addresses",
        ),
    ] = None,
    any_credentials: Annotated[
        bool, typer.Option("--any-credentials", help="Take requests signed with any key, for tests and demos")
    ] = False,
    any_credentials_on_network: Annotated[
        bool,
        typer.Option(
            "--any-credentials-on-network", help="The same for all who reach --host, other machines too"
        ),
    ] = False,
) -> None:
    """Serve until stopped."""
    if context.invoked_subcommand:
        return
    import pyarrow as pa

    from localpersonalize import credentials, fault_injection, logging, quotas
    from localpersonalize.application import Settings, build_application
    from localpersonalize.http import listening
    from localpersonalize.http.callers import Callers
    from localpersonalize.initialisation import Initialisation
    from localpersonalize.jobs.machine import worker_limits
    from localpersonalize.private_files import make_private_folder
    from localpersonalize.protocol.arns import AwsAccount

    logging.configure(log_format)
    os.umask(0o077)  # interactions and objects are for their owner alone
    # Arrow's own, mimalloc, keeps what another thread has freed: megabytes for each campaign that is moved.
    pa.set_memory_pool(pa.system_memory_pool())
    data_dir = data_dir.resolve()
    make_private_folder(data_dir)
    with ExitStack() as held:
        held.enter_context(lock.owned(data_dir))
        try:
            settings = Settings(
                data_dir,
                AwsAccount(region, account),
                _factor(pace),
                s3_endpoint,
                quotas.load(quotas_file or data_dir / quotas.FILE),
                fault_injection.load(faults_file) if faults_file else fault_injection.Faults(),
                worker_limits(workers, worker_memory),
                Callers(frozenset(allow_origin or ()), frozenset({host, *(allow_host or ())})),
                metrics_with_arns,
                credentials.is_loopback(host) if page is None else page,
                Initialisation(init),
            )
            accepts_any = credentials.accepts_any(host, any_credentials, any_credentials_on_network)
            bound = held.enter_context(listening.bind(host, port))
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None
        keys = replace(credentials.load(data_dir), accepts_any=accepts_any)
        endpoint = listening.endpoint(bound)
        server = build_application(settings, keys, endpoint)
        environment = credentials.environment(endpoint, keys, region)
        initialisation = settings.initialisation

        def end() -> None:
            initialisation.stop()
            server.end_jobs()

        listening.serve(server, bound, partial(initialisation.start, environment), end)
    if initialisation.failure is not None:
        sys.exit(str(initialisation.failure))


@app.command()
def status(
    data_dir: Annotated[Path, typer.Option(help="Where everything is kept")] = DEFAULT_DATA_DIR,
) -> None:
    """Show the resources and the unfinished jobs of a data directory."""
    from localpersonalize.status import show

    try:
        show(data_dir)
    except FileNotFoundError as error:
        raise typer.BadParameter(str(error)) from None


@app.command()
def check(
    data_dir: Annotated[Path, typer.Option(help="Where everything is kept")] = DEFAULT_DATA_DIR,
    repair: Annotated[bool, typer.Option("--repair", help="Mend what is found")] = False,
    region: Annotated[str, typer.Option(help="Region of buckets")] = "us-east-1",
) -> None:
    """Look for damaged files in a data directory that is not being served."""
    from localpersonalize.aws.s3.folders import aws_folder
    from localpersonalize.check.run import Check
    from localpersonalize.database import FILE

    data_dir = data_dir.resolve()
    if not any(
        path.exists() for path in (data_dir / FILE, aws_folder(data_dir), data_dir / replacement.NAME)
    ):
        raise typer.BadParameter(f"{data_dir} is not a data directory of localpersonalize.")
    os.umask(0o077)
    with lock.owned(data_dir):
        replacement.finish(data_dir)
        checked = Check(data_dir, region, repair)
        for line in checked.lines():
            typer.echo(line)
    if checked.left:
        typer.echo(f"{checked.left} damaged." + ("" if repair else " `--repair` mends what can be mended."))
        raise typer.Exit(1)
    typer.echo(f"{checked.mended} mended." if checked.mended else "Nothing is damaged.")


@states.command()
def save(
    file: Annotated[Path, typer.Argument(help="The archive to write")], endpoint: Endpoint = DEFAULT_ENDPOINT
) -> None:
    """Save resources, data, models, S3 objects and IAM of a service that runs."""
    from localpersonalize.state.client import StateClient

    StateClient.of_environment(endpoint).save(file)
    typer.echo(f"{file}: {file.stat().st_size / 1e6:.1f} MB")


@states.command()
def load(
    file: Annotated[Path, typer.Argument(help="The archive to read", exists=True, dir_okay=False)],
    endpoint: Endpoint = DEFAULT_ENDPOINT,
) -> None:
    """Put what an archive has in the place of all that a service that runs has."""
    from localpersonalize.state.client import StateClient

    StateClient.of_environment(endpoint).load(file)


@states.command()
def reset(endpoint: Endpoint = DEFAULT_ENDPOINT) -> None:
    """Remove all that a service that runs has."""
    from localpersonalize.state.client import StateClient

    StateClient.of_environment(endpoint).reset()


def _factor(pace: str) -> float:
    """
    :raises ValueError: if it is neither `fast` nor a number.
    """
    try:
        factor = 0.0 if pace == "fast" else float(pace)
    except ValueError:
        factor = -1.0
    if not 0 <= factor < float("inf"):
        raise ValueError(
            f"--pace is {pace}. Use `fast`, or a factor of the real service's minutes, such as 0.1."
        )
    return factor


def main() -> None:
    """The console script; what can't be done is said in a sentence, with exit code 1."""
    try:
        app()
    except (lock.DataDirectoryError, StateError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
