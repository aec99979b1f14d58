"""Packages that a test reads without installing them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def download(package: str, folder: Path) -> Path | None:
    """The wheel of a package in a folder of its own, downloaded if it is not there yet; None if it can't be had."""
    if not list(folder.glob("*.whl")):
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "-d",
            str(folder),
            package,
        ]
        if subprocess.run(command, capture_output=True).returncode:
            return None
    return next(folder.glob("*.whl"))
