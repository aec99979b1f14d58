"""Make the archive of a release's state, for the tests of the releases after it.

    python -m tests.upgrade.make_archive v0.1.0            # a tag or a commit of this repository

Its code is taken out of git, and runs by itself: only what that release can do ends up in the archive. Logs, and caches
that are made again, are left out. With each release one archive is added, and the tests read all of them.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ARCHIVES = Path(__file__).with_name("archives")
#: Of the data directory: logs, locks, and what is made again when it is missing.
LEFT_OUT = ("server.log", "lock", "compiled", "jax", "__pycache__")
MOST_BYTES = 300_000


def make(release: str) -> Path:
    """The archive of a release, named after its version and commit."""
    commit = _git("rev-parse", "--short", release).decode().strip()
    with tempfile.TemporaryDirectory(prefix="release-") as name:
        folder = Path(name)
        tree, state = folder / "tree", folder / "state"
        with tarfile.open(fileobj=io.BytesIO(_git("archive", release))) as code:
            code.extractall(tree, filter="data")
        state.mkdir()
        script = shutil.copy(Path(__file__).with_name("release_state.py"), folder / "release_state.py")
        environment = os.environ | {"PYTHONPATH": f"{tree}:{tree / 'plugins'}"}
        subprocess.run([sys.executable, script, state], cwd=tree, env=environment, check=True)
        file = ARCHIVES / f"{(tree / 'VERSION').read_text().strip()}-{commit}.tar.xz"
        with tarfile.open(file, "w:xz", preset=9) as archive:
            archive.add(state, "", filter=_kept)
    if file.stat().st_size > MOST_BYTES:
        raise SystemExit(
            f"{file} has {file.stat().st_size} bytes, more than {MOST_BYTES}: leave something out"
        )
    return file


def _kept(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if Path(entry.name).name in LEFT_OUT else entry


def _git(*arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=True).stdout


if __name__ == "__main__":
    made = make(sys.argv[1])
    print(f"{made}: {made.stat().st_size:,} bytes")
