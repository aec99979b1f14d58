"""`--init FOLDER`: what a service is to have before it says that it is ready.

Files of the folder run in the order of their names, once requests are answered: `*.sh` and `*.py` with the endpoint and
the credentials in their environment, `*.json` as `localpersonalize.sdk.resources_file` reads them.
"""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

log = logging.getLogger(__name__)

RUNNING = "what --init names is not done yet"


class InitialisationError(Exception):
    """A file of the folder failed; the text names it, and its exit status."""


class Initialisation:
    """Runs a folder's files, one after the other, in a thread; without a folder there is nothing to wait for."""

    def __init__(self, folder: Path | None = None) -> None:
        """
        :raises ValueError: if there is no such folder.
        """
        if folder is not None and not folder.is_dir():
            raise ValueError(f"--init {folder} is no folder.")
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._ends = False
        self.problem = RUNNING if folder is not None else ""
        self.failure: InitialisationError | None = None

    @property
    def is_wanted(self) -> bool:
        return self._folder is not None

    def start(self, environment: Mapping[str, str], on_failure: Callable[[], None]) -> None:
        """Begin with the first file.

        :param environment: endpoint and credentials, as SDKs read them.
        :param on_failure: called after the first file that fails; those behind it are not run.
        """
        if self._folder is None:
            return
        arguments = (self._folder, environment, on_failure)
        threading.Thread(target=self._run, args=arguments, name="init", daemon=True).start()

    def stop(self) -> None:
        """End the file that runs; the others are not begun."""
        self._ends = True
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def _run(self, folder: Path, environment: Mapping[str, str], on_failure: Callable[[], None]) -> None:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        inherited["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
        for file in files(folder):
            log.info("--init: %s", file.name)
            try:
                self._process = subprocess.Popen(
                    command(file), cwd=folder, env={**inherited, **environment}, stdin=subprocess.DEVNULL
                )
            except OSError as error:
                self.failure = InitialisationError(f"--init: {file} can't be run: {error.strerror}.")
            else:
                status = self._process.wait()
                if status:
                    self.failure = InitialisationError(f"--init: {file} ended with exit status {status}.")
            if self._ends:
                return
            if self.failure is not None:
                self.problem = str(self.failure)
                on_failure()
                return
        self.problem = ""
        log.info("--init: all is done")


def files(folder: Path) -> list[Path]:
    """What is run, in this order; folders, and files of other kinds, are there for those."""
    return sorted(
        file for file in folder.iterdir() if file.suffix in (".sh", ".py", ".json") and file.is_file()
    )


def command(file: Path) -> list[str]:
    """How a file is run: as its first line says if it may be executed."""
    if file.suffix == ".json":
        return [sys.executable, "-m", "localpersonalize.sdk.resources_file", str(file)]
    if file.suffix == ".py":
        return [sys.executable, str(file)]
    if os.access(file, os.X_OK):
        return [str(file.resolve())]
    return [shutil.which("bash") or "sh", str(file)]
