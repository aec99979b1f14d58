"""Where the stack keeps its state, which ports it uses, and its secrets.

Ports and secrets are chosen on the first start and kept, so that addresses stay the same from start to
start. `ENCORE_HOME`, `ENCORE_AIRFLOW_PORT` and `ENCORE_AWS_PORT` override them.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from demo.processes import free_port
from localpersonalize.private_files import replace_file

ROOT = Path(__file__).resolve().parent.parent
REGION = "us-east-1"
ACCOUNT = "123456789012"


def state() -> Path:
    """The one folder with all state of this checkout."""
    return Path(os.environ.get("ENCORE_HOME", ROOT / ".encore")).resolve()


def home(data: Path | None = None) -> Path:
    """The folder of one stack. Each source of data has its own, so that their histories never mix."""
    return state() / (data.resolve().name if data else "shop")


def homes() -> list[Path]:
    """Every stack that was started from this checkout."""
    return sorted(file.parent for file in state().glob("*/settings.json"))


@dataclass(frozen=True)
class Ports:
    """Loopback ports of the stack's servers."""

    airflow: int
    aws: int
    worker_logs: int
    triggerer_logs: int

    @classmethod
    def choose(cls, previous: Mapping[str, int], environ: Mapping[str, str] = os.environ) -> Ports:
        ports = {}
        for name in cls.__dataclass_fields__:
            named = environ.get(f"ENCORE_{name.upper()}_PORT")
            ports[name] = int(named) if named else previous.get(name) or free_port()
        return cls(**ports)


@dataclass(frozen=True)
class Secrets:
    """Generated once; readable by their owner only."""

    airflow_password: str
    jwt_secret: str
    fernet_key: str
    aws_access_key_id: str
    aws_secret_access_key: str

    @classmethod
    def generate(cls) -> Secrets:
        from cryptography.fernet import Fernet

        return cls(
            airflow_password=secrets.token_urlsafe(12),
            jwt_secret=secrets.token_urlsafe(48),
            fernet_key=Fernet.generate_key().decode(),
            aws_access_key_id="AKIA" + secrets.token_hex(8).upper(),
            aws_secret_access_key=secrets.token_urlsafe(30),
        )


@dataclass(frozen=True)
class Settings:
    """Everything that a start of the stack needs to know."""

    home: Path
    ports: Ports
    secrets: Secrets

    @classmethod
    def load(cls, directory: Path) -> Settings:
        """Read what earlier starts chose and complete it."""
        for folder in (state(), directory) if directory.is_relative_to(state()) else (directory,):
            _make_private(folder)
        file = directory / "settings.json"
        saved = json.loads(file.read_text()) if file.exists() else {}
        ports = Ports.choose(saved.get("ports", {}))
        secrets = Secrets(**saved["secrets"]) if "secrets" in saved else Secrets.generate()
        settings = cls(directory, ports, secrets)
        content = json.dumps({"ports": asdict(ports), "secrets": asdict(secrets)}, indent=2)
        replace_file(file, content.encode())
        return settings

    @property
    def aws_endpoint(self) -> str:
        return f"http://127.0.0.1:{self.ports.aws}"

    @property
    def airflow_url(self) -> str:
        return f"http://127.0.0.1:{self.ports.airflow}"


def _make_private(folder: Path) -> None:
    """A folder that others can't look into: it holds users' interactions, logs and secrets."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Root's PostgreSQL runs as a user of its own, who must be able to pass.
    allowed = 0o711 if os.geteuid() == 0 else 0o700
    folder.chmod(folder.stat().st_mode & allowed)
