"""`python -m localpersonalize`: serve Amazon Personalize, S3 and IAM on one port of this machine."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, help=__doc__)


@app.callback(invoke_without_command=True)
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on")] = 4580,
    data_dir: Annotated[Path, typer.Option(help="Where everything is kept")] = Path("localpersonalize-data"),
    region: Annotated[str, typer.Option(help="Region in ARNs")] = "us-east-1",
    account: Annotated[str, typer.Option(help="Account in ARNs")] = "123456789012",
    pace: Annotated[str, typer.Option(help="`fast`, or a factor of the real service's minutes")] = "fast",
    s3_endpoint: Annotated[str | None, typer.Option(help="Another S3 than the built-in one")] = None,
) -> None:
    """Serve until stopped."""
    import uvicorn

    from localpersonalize import credentials
    from localpersonalize.server import Server
    from localpersonalize.service import Service, Settings
    from localpersonalize.standin import StandIn

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    data_dir = data_dir.resolve()
    data_dir.mkdir(parents=True, exist_ok=True)
    settings = Settings(data_dir, region, account, 0.0 if pace == "fast" else float(pace), s3_endpoint)
    stand_in = StandIn().start(data_dir)
    try:
        service = Service(settings, credentials.load(data_dir), stand_in.endpoint)
        uvicorn.run(Server(service), host=host, port=port, log_level="warning", access_log=False)
    finally:
        stand_in.stop()


def main() -> None:
    """The console script."""
    app()


if __name__ == "__main__":
    main()
