"""What `/healthz` says."""

from __future__ import annotations

from pathlib import Path

from localpersonalize.aws.s3.storage import Storage
from localpersonalize.database import FILE, Database
from localpersonalize.http.health import OK, Health
from localpersonalize.initialisation import RUNNING, Initialisation
from localpersonalize.protocol.arns import AwsAccount


def test_dependencies_are_well_or_say_what_is_wrong(tmp_path: Path) -> None:
    database = Database(tmp_path / FILE)
    storage = Storage.of_data_directory(tmp_path, AwsAccount()).start()
    health = Health(database, storage, Initialisation())
    assert health.check() == {"store": OK, "aws": OK}
    waiting = Health(database, storage, Initialisation(tmp_path))
    assert waiting.check()["init"] == RUNNING
    database.close()
    assert "closed" in health.check()["store"]
