"""The service of a `with` statement: a process, or a container of an engine that is stood in for here."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

from localpersonalize.sdk.process import NotStartedError
from localpersonalize.testing.container import PORT, LocalPersonalizeContainer
from tests.support.packages import ROOT

ENGINE = """#!{python}
import json, os, signal, socket, subprocess, sys
folder = {folder!r}
verb, rest = sys.argv[1], sys.argv[2:]
with open(folder + "/calls", "a") as log:
    log.write(json.dumps(sys.argv[1:]) + "\\n")
state = folder + "/state.json"
if verb == "run":
    if "no-such-image" in rest:
        sys.exit("no such image")
    image = rest.index("localpersonalize:test")
    settings = dict(rest[i + 1].split("=", 1) for i in range(image) if rest[i] == "--env")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["--port", str(port), "--data-dir", folder + "/data", *rest[image + 1:]]
    command = [{python!r}, "-m", "localpersonalize", *options]
    env = {{**os.environ, **settings, "PYTHONPATH": {root!r}}}
    out = open(folder + "/out", "wb")
    process = subprocess.Popen(command, env=env, stdout=out, stderr=out, start_new_session=True)
    json.dump([process.pid, port], open(state, "w"))
    print("0123abcd")
else:
    pid, port = json.load(open(state))
    if verb == "port":
        print(f"127.0.0.1:{{port}}")
    elif verb == "inspect":
        print("true")
    elif verb == "logs":
        print(open(folder + "/out").read())
    elif verb == "rm":
        os.kill(pid, signal.SIGTERM)
"""


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a command `docker` that runs processes; it writes down how it was called."""
    program = tmp_path / "docker"
    program.write_text(ENGINE.format(python=sys.executable, folder=str(tmp_path), root=str(ROOT)))
    program.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def test_without_an_image_it_is_a_process_that_ends_with_the_statement() -> None:
    with LocalPersonalizeContainer(region_name="eu-west-1").with_options(
        "--account", "111122223333"
    ) as personalize:
        assert personalize.get_client("personalize").list_recipes()["recipes"]
        made = personalize.client("iam").create_role(
            RoleName="r", AssumeRolePolicyDocument='{"Statement": []}'
        )
        assert made["Role"]["Arn"].startswith("arn:aws:iam::111122223333:")
        assert personalize.account.region == "eu-west-1"
        url = personalize.get_url()
        assert url == f"http://{personalize.get_container_host_ip()}:{personalize.get_exposed_port(PORT)}"
        assert isinstance(personalize.get_logs()[0], bytes)
    with pytest.raises(OSError):
        urlopen(f"{url}/healthz", timeout=5)
    with pytest.raises(NotStartedError):
        personalize.get_url()


def test_an_image_is_run_by_the_engine_and_removed(engine: Path) -> None:
    with LocalPersonalizeContainer("localpersonalize:test").with_env("A", "b") as personalize:
        assert personalize.get_client("personalize").list_recipes()["recipes"]
    calls = [json.loads(line) for line in (engine / "calls").read_text().splitlines()]
    run, last = calls[0], calls[-1]
    assert run[:4] == ["run", "--detach", "--publish", f"127.0.0.1::{PORT}"]
    assert "A=b" in run
    assert run[-3:] == ["--region", "us-east-1", "--any-credentials-on-network"]
    assert last == ["rm", "--force", "--volumes", "0123abcd"]


def test_what_the_engine_refuses_is_said(engine: Path) -> None:
    with pytest.raises(NotStartedError, match="no such image"):
        LocalPersonalizeContainer("no-such-image").start()


def test_an_image_without_an_engine_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotStartedError, match="neither docker nor podman"):
        LocalPersonalizeContainer("localpersonalize:test").start()
