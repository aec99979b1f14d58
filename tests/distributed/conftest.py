"""The stack of `docker-compose.yaml`: in a container engine where there is one, else as processes, with the interpreter
that its Airflow image would have.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from demo import product_database, shop
from demo.settings import state
from tests.support.compose import ROOT, Deployment
from tests.support.compose_engine import EngineDeployment, engine

LOCK = ROOT / "requirements" / "deploy.txt"
PROGRAMS = ("postgres", "initdb", "redis-server", "redis-cli", "curl")
PROFILES, SCALE = ["local", "demo"], {"worker": 2}
SHOP = shop.ShopSize(customers=200, products=120, events=3_000, days=4)


@pytest.fixture(scope="session")
def deploy_python() -> Path:
    """An interpreter with what the Airflow image installs: made once for each state of the lock, and kept."""
    folder = state() / f"deploy-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]}"
    python = folder / "bin" / "python"
    state().mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "installed").exists():
            shutil.rmtree(folder, ignore_errors=True)
            subprocess.run([sys.executable, "-m", "venv", folder], check=True)
            uv = Path(sys.executable).with_name("uv")
            installer = (
                [uv, "pip", "install", "--compile-bytecode", "--python", python]
                if uv.exists()
                else [python, "-m", "pip", "install"]
            )
            subprocess.run([*installer, "--quiet", "-r", LOCK], check=True)
            (folder / "installed").touch()
    return python


@pytest.fixture(scope="module")
def deployment(request: pytest.FixtureRequest) -> Iterator[Deployment | EngineDeployment]:
    """The file's services with the profiles `local` and `demo`, and two workers."""
    program = engine()
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if program is None and missing:
        pytest.skip(
            f"{', '.join(missing)}: not on this machine, and no container engine"
            " (Debian: postgresql, redis-server, curl)"
        )
    with tempfile.TemporaryDirectory(prefix="enc-", ignore_cleanup_errors=True) as folder:
        if program is None:
            yield from _processes(Path(folder), request.getfixturevalue("deploy_python"))
        else:
            yield from _containers(Path(folder), program)


def _containers(home: Path, program: str) -> Iterator[EngineDeployment]:
    deployment = EngineDeployment(program, home, dot_env(), PROFILES, SHOP)
    try:
        deployment.up(scale=SCALE)
        yield deployment
    finally:
        deployment.down()


def _processes(home: Path, python: Path) -> Iterator[Deployment]:
    os.chmod(home, 0o711)  # PostgreSQL's user must be able to pass
    deployment = Deployment(home, python, dot_env(), PROFILES)
    try:
        # The shop of `shop-data` has 60 days: a smaller one is put in its place.
        deployment.up(scale=SCALE, instead={"shop-data": _fill_shop})
        yield deployment
    finally:
        deployment.down()


def _fill_shop(deployment: Deployment) -> None:
    uri = deployment.services["shop-data"].command[-1]
    product_database.load(deployment.placed(uri), shop.generate(SHOP, seed=3), "a small shop")


def dot_env() -> dict[str, str]:
    """`.env` as `.env.example` asks for it: what is empty there is filled in."""
    env: dict[str, str] = {}
    for line in (ROOT / ".env.example").read_text().splitlines():
        name, separator, value = line.partition("=")
        if separator and not line.startswith("#"):
            env[name] = value or secrets.token_urlsafe(24)
    env["AIRFLOW_FERNET_KEY"] = Fernet.generate_key().decode()
    env["PRODUCT_DB"] = env["PRODUCT_DB"].replace("${SHOP_PASSWORD}", env["SHOP_PASSWORD"])
    return env
