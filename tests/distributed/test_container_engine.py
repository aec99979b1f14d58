"""What the test of `docker-compose.yaml` asks of a container engine, seen by a program in an engine's place."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from demo.shop import generate
from tests.distributed.conftest import SHOP, dot_env
from tests.support import compose_engine
from tests.support.compose import FILE, ROOT, services
from tests.support.compose_engine import EngineDeployment, engine

#: Writes down how it was called, with what environment; and answers as an engine does, or refuses what it is to refuse.
STAND_IN = """#!{python}
import json, os, sys
from pathlib import Path
folder = Path(__file__).parent
own = {{name: value for name, value in os.environ.items() if name.startswith(("AWS_", "POSTGRES_", "COMPOSE_"))}}
with (folder / "calls").open("a") as calls:
    calls.write(json.dumps({{"words": [Path(__file__).name, *sys.argv[1:]], "env": own}}) + "\\n")
if (folder / "refused").exists() and (folder / "refused").read_text() in " ".join(sys.argv[1:]):
    sys.exit("Cannot connect to the daemon")
if "ps" in sys.argv:
    print("0123456789abcdef0123\\nfedcba9876543210fedc")
if "logs" in sys.argv:
    print("worker-1 | it has failed")
"""


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A path with no program of an engine."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def install(path: Path, *names: str) -> None:
    for name in names:
        (path / name).write_text(STAND_IN.format(python=sys.executable))
        (path / name).chmod(0o755)


def calls(path: Path) -> list[dict]:
    return [json.loads(line) for line in (path / "calls").read_text().splitlines()]


def deployment(tmp_path: Path) -> EngineDeployment:
    home = tmp_path / "Enc-1"
    home.mkdir()
    return EngineDeployment("docker", home, dot_env(), ["local", "demo"], SHOP)


def test_an_engine_is_taken_that_answers_and_has_compose(path):
    assert engine() is None
    install(path, "podman")
    assert engine() == "podman"
    install(path, "docker")
    assert engine() == "docker"


@pytest.mark.parametrize("refused", ["info", "compose version"])
def test_a_program_without_its_daemon_or_without_compose_is_none(path, refused):
    install(path, "docker")
    (path / "refused").write_text(refused)
    assert engine() is None


def test_a_program_that_does_not_answer_is_none(path, monkeypatch):
    monkeypatch.setattr(compose_engine, "ANSWER_SECONDS", 0.1)
    (path / "docker").write_text("#!/bin/sh\nexec /bin/sleep 30\n")
    (path / "docker").chmod(0o755)
    assert engine() is None


def test_the_file_is_started_with_ours_beside_it_with_two_workers_and_waited_for(path, tmp_path, monkeypatch):
    install(path, "docker")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a-key-of-this-shell")
    monkeypatch.setenv("POSTGRES_PASSWORD", "a-password-of-this-shell")
    stack = deployment(tmp_path)
    stack.up(scale={"worker": 2})
    (call,) = calls(path)
    home = tmp_path / "Enc-1"
    assert call["words"] == [
        *("docker", "compose", "--project-name", "encore-enc-1", "--project-directory", str(ROOT)),
        *("--env-file", str(home / "env"), "--file", str(FILE), "--file", str(home / "test.yaml")),
        *("--profile", "local", "--profile", "demo"),
        *("up", "--build", "--detach", "--wait", "--scale", "worker=2"),
    ]
    assert call["env"] == {}, "a shell's variables count before those of the file"
    written = dict(line.split("=", 1) for line in (home / "env").read_text().splitlines())
    assert written == {**stack.env, "AIRFLOW_PORT": stack.url("api-server").rsplit(":", 1)[1]}
    assert written.keys() >= {"POSTGRES_PASSWORD", "AIRFLOW_FERNET_KEY", "AWS_ACCESS_KEY_ID"}
    assert stack.seconds.keys() == {"up"}


def test_a_worker_is_killed_and_started_by_the_name_that_its_task_has(path, tmp_path):
    install(path, "docker")
    stack = deployment(tmp_path)
    assert stack.workers() == {"0123456789ab", "fedcba987654"}
    stack.kill("0123456789ab")
    stack.restart("scheduler", "triggerer")
    stack.start("worker", "0123456789ab")
    stack.down()
    words = [call["words"] for call in calls(path)]
    assert words[0][-3:] == ["ps", "--quiet", "worker"]
    assert words[1] == ["docker", "kill", "--signal", "KILL", "0123456789ab"]
    assert words[2][-3:] == ["restart", "scheduler", "triggerer"]
    assert words[3] == ["docker", "start", "0123456789ab"]
    assert words[4][-5:] == ["down", "--volumes", "--remove-orphans", "--timeout", "10"]


def test_what_does_not_start_is_said_with_its_logs(path, tmp_path):
    install(path, "docker")
    (path / "refused").write_text("up --build")
    with pytest.raises(AssertionError, match=r"Cannot connect(.|\n)*worker-1 \| it has failed"):
        deployment(tmp_path).up(scale={"worker": 2})


def test_what_is_merged_follows_the_compose_specification_and_changes_services_of_the_file(tmp_path):
    stack = deployment(tmp_path)
    file = tmp_path / "Enc-1" / "test.yaml"
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(file)]
    checked = subprocess.run(command, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    changed = yaml.safe_load(file.read_text())["services"]
    assert changed == stack.override()["services"]
    shipped = services(stack.env, stack.profiles)
    assert changed.keys() <= shipped.keys()
    assert set(changed["worker"]["environment"]).isdisjoint(shipped["worker"].environment)
    assert changed["localpersonalize"]["command"][: len(shipped["localpersonalize"].command)] == (
        shipped["localpersonalize"].command
    )


def test_the_small_shop_is_the_one_that_the_processes_get(tmp_path, monkeypatch):
    command = deployment(tmp_path).override()["services"]["shop-data"]["command"]
    loaded = []
    monkeypatch.setattr("demo.product_database.load", lambda *arguments: loaded.append(arguments))
    monkeypatch.setattr(sys, "argv", ["-c", command[3]])
    exec(compile(command[2], "shop-data", "exec"), {})
    ((uri, data, source),) = loaded
    assert uri.endswith("@shop/shop")
    assert source == "a small shop"
    assert len(data.customers) == SHOP.customers == len(generate(SHOP, seed=3).customers)
