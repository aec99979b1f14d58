"""The three packages that can be installed, and what their `pyproject.toml`s declare."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Package:
    """A folder with a `pyproject.toml` whose files are the package."""

    folder: Path

    @property
    def import_name(self) -> str:
        return self.folder.name

    @property
    def project(self) -> dict[str, Any]:
        return dict(tomllib.loads((self.folder / "pyproject.toml").read_text())["project"])

    @property
    def declared(self) -> set[str]:
        """Names of the distributions that it depends on, those of its extras included."""
        extras = self.project.get("optional-dependencies", {}).values()
        texts = [*self.project["dependencies"], *(text for extra in extras for text in extra)]
        return {canonicalize_name(Requirement(text).name) for text in texts}

    @property
    def sources(self) -> list[Path]:
        return sorted(self.folder.rglob("*.py"))


LOCALPERSONALIZE = Package(ROOT / "localpersonalize")
PROVIDER = Package(ROOT / "plugins" / "airflow_personalize")
ENCORE = Package(ROOT / "plugins" / "encore")
PACKAGES = [LOCALPERSONALIZE, PROVIDER, ENCORE]
