"""The image of localpersonalize: what its file says, and that its steps make a service, without an engine."""

from __future__ import annotations

import os
import re
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.containerfile import Stage, stages
from tests.support.packages import ROOT

FILE = ROOT / "deploy" / "localpersonalize" / "Containerfile"
FOLDERS = ("/src", "/opt/localpersonalize", "/var/lib/localpersonalize")


@pytest.fixture(scope="module")
def file() -> list[Stage]:
    return stages(FILE)


def test_it_has_a_stage_that_builds_and_one_that_serves(file: list[Stage]):
    build, final = file
    assert build.name == "build"
    assert [copied.text for copied in final.all("COPY")] == [
        "--from=build /opt/localpersonalize /opt/localpersonalize"
    ]


def test_every_image_is_pinned_to_a_patch_release(file: list[Stage]):
    assert all(re.search(r":\d+\.\d+\.\d+", stage.image) for stage in file)


def test_it_does_not_run_as_root_and_nothing_is_changed_after_that(file: list[Stage]):
    words = [instruction.word for instruction in file[-1].instructions]
    (user,) = file[-1].all("USER")
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user.text), "a number, which Kubernetes can compare with 0"
    assert not {"RUN", "COPY", "ADD", "USER"} & set(words[words.index("USER") + 1 :])


def test_it_has_a_health_check_of_the_port_that_it_serves(file: list[Stage]):
    final = file[-1]
    (check,), (entry,), (port,) = final.all("HEALTHCHECK"), final.all("ENTRYPOINT"), final.all("EXPOSE")
    assert f"127.0.0.1:{port.text}/healthz" in check.exec_form[-1]
    options = entry.exec_form
    assert options[options.index("--port") + 1] == port.text
    assert options[options.index("--host") + 1] == "0.0.0.0"
    assert options[options.index("--data-dir") + 1] == final.all("VOLUME")[0].text


def test_it_takes_nothing_from_the_network_but_the_lock(file: list[Stage]):
    text = FILE.read_text()
    assert "ADD " not in text
    assert not re.search(r"curl|wget|apt-get|apk add|https?://(?!127\.0\.0\.1)", text)
    installs = [run.text for stage in file for run in stage.all("RUN") if "pip install" in run.text]
    assert all(re.search(r"--requirement|--constraint|--no-deps", install) for install in installs)


def test_it_holds_no_secret_and_no_default_credentials(file: list[Stage]):
    text = " ".join(i.text for stage in file for word in ("ENV", "ARG") for i in stage.all(word))
    assert not re.search(r"KEY|SECRET|TOKEN|PASSWORD", text)
    assert "any-credentials" not in " ".join(file[-1].all("ENTRYPOINT")[0].exec_form)


def test_what_it_copies_is_there_and_not_ignored(file: list[Stage]):
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    for copied in file[0].all("COPY"):
        for source in copied.text.split()[:-1]:
            assert (ROOT / source).exists(), source
            assert source.split("/")[0] in allowed, source


def test_what_it_says_to_type_names_this_version():
    assert f"--tag localpersonalize:{(ROOT / 'VERSION').read_text().strip()}" in FILE.read_text()


@pytest.fixture
def folder() -> Iterator[Path]:
    """In the place of an image's root; whoever it runs as may enter it."""
    folder = Path(tempfile.mkdtemp(prefix="image-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_its_steps_make_a_service_that_is_healthy_as_its_own_user(file: list[Stage], folder: Path):
    """Every COPY and RUN is performed, with another root; then the entry point runs, and the health check asks it."""
    build, final = file
    for stage in file:
        for instruction in stage.instructions:
            if instruction.word == "COPY" and not instruction.text.startswith("--from"):
                _copy(instruction.text, folder)
            if instruction.word == "RUN":
                _run(_moved(instruction.text, folder))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    entry = [_moved(part, folder).replace("4580", port) for part in final.all("ENTRYPOINT")[0].exec_form]
    check = [part.replace("4580", port) for part in final.all("HEALTHCHECK")[0].exec_form]
    path = f"{folder}/opt/localpersonalize/bin{os.pathsep}{os.environ['PATH']}"
    data = folder / "var/lib/localpersonalize"
    user = (
        int(final.all("USER")[0].text.split(":")[0])
        if os.geteuid() == 0 and _others_may_run(_python())
        else None
    )
    if user is None and os.geteuid() == 0:
        os.chown(data, 0, 0)
    settings = {"PATH": path, "HOME": str(data)}
    program = str(folder / "opt/localpersonalize/bin" / entry[0])
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(
            [program, *entry[1:]], env=settings, cwd=data, user=user, group=user, stdout=log, stderr=log
        )
    try:
        for _ in range(600):
            healthy = subprocess.run(check, env=settings, user=user, group=user, capture_output=True)
            if healthy.returncode == 0 or process.poll() is not None:
                break
            time.sleep(0.1)
        assert healthy.returncode == 0, (folder / "log").read_text()
        assert (data / "credentials").stat().st_uid == (os.geteuid() if user is None else user)
    finally:
        process.terminate()
        process.wait(30)
    assert build.all("RUN")


def _python() -> str:
    """An interpreter that other users find too, if there is one: they don't see into a private home."""
    versions = "import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))"
    for candidate in (sys.executable, "/usr/bin/python3"):
        if _others_may_run(candidate) and subprocess.run([candidate, "-c", versions]).returncode == 0:
            return candidate
    return sys.executable


def _others_may_run(program: str) -> bool:
    path = Path(program).resolve()
    return path.exists() and all(part.stat().st_mode & stat.S_IXOTH for part in (path, *path.parents))


def _moved(text: str, folder: Path) -> str:
    """A text with its absolute paths under another root; `python` is the one of these tests."""
    for path in FOLDERS:
        text = re.sub(rf"(?<![\w/]){path}", f"{folder}{path}", text)
    return re.sub(r"(?<![\w/.-])python (?=-m venv)", f"{_python()} ", text)


def _copy(text: str, folder: Path) -> None:
    *sources, target = text.split()
    for source in sources:
        path = Path(f"{folder}{target}") / (Path(source).name if target.endswith("/") else "")
        path.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, path, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / source, path)


def _run(command: str) -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    owned = command if os.geteuid() == 0 else re.sub(r"--(owner|group) \d+ ", "", command)
    prepared = f"mkdir -p {owned.split()[-1].rsplit('/', 1)[0]}; " if owned.startswith("install") else ""
    done = subprocess.run(["bash", "-ec", prepared + owned], env=env, cwd="/", capture_output=True, text=True)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
