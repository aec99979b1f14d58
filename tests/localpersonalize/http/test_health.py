"""What `/healthz` says."""

from __future__ import annotations

import socket
from pathlib import Path

from localpersonalize.database import FILE, Database
from localpersonalize.http.health import OK, Health


def test_dependencies_are_well_or_say_what_is_wrong(tmp_path: Path) -> None:
    database = Database(tmp_path / FILE)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        endpoint = f"http://127.0.0.1:{listening.getsockname()[1]}"
        assert Health(database, endpoint).check() == {"store": OK, "aws": OK}
    database.close()
    found = Health(database, endpoint).check()
    assert "closed" in found["store"]
    assert found["aws"].startswith(endpoint)
