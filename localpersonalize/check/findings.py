"""What is found, and where damaged files go: nothing that is repaired is deleted."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from localpersonalize.private_files import flush_folder, make_private_folder


@dataclass(frozen=True)
class Finding:
    """One thing that is damaged.

    `lost`: what is gone, whether it is repaired or not; `repair` mends it and returns what it did, None if only its
    owner can.
    """

    path: Path
    what: str
    lost: str
    repair: Callable[[], str] | None = None


class Aside:
    """The folder `DATA_DIR/damaged/TIME`, where files are moved to."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self.folder = data_dir / "damaged" / time.strftime("%Y%m%dT%H%M%S")

    def move(self, path: Path) -> str:
        """Move a file or folder there; says so."""
        if not path.exists():
            return "there was nothing to move"
        target = self.folder / path.relative_to(self._data_dir)
        make_private_folder(self._data_dir / "damaged")
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        while target.exists():
            target = target.with_name(target.name + "+")
        os.replace(path, target)
        flush_folder(path.parent)
        return f"moved to {target}"
