"""Which version of the code a run was made by."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from encore.config import INCLUDE


def code_version(dag_run: Any, folder: Path = INCLUDE.parent) -> str | None:
    """The version of the DAG bundle, or what the deployment says in `ENCORE_CODE_VERSION`, or the commit."""
    bundle = getattr(dag_run, "bundle_version", None)
    return bundle or os.environ.get("ENCORE_CODE_VERSION") or _git_head(folder)


def _git_head(folder: Path) -> str | None:
    """The checked-out commit, read from the files: workers need no git."""
    try:
        git = shared = folder / ".git"
        if git.is_file():  # a linked work tree: its branches are in the repository's own folder
            git = folder / git.read_text().removeprefix("gitdir: ").strip()
            shared = git / (git / "commondir").read_text().strip()
        head = (git / "HEAD").read_text().strip()
        if not head.startswith("ref: "):
            return head
        return (shared / head.removeprefix("ref: ")).read_text().strip()
    except OSError:
        return None
