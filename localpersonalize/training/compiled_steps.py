"""What XLA has compiled for trainings, kept in the data directory: the next training of like shapes begins at once.

Compiling takes several seconds, on small data longer than the training. JAX keeps what took a second or more
(https://docs.jax.dev/en/latest/persistent_compilation_cache.html); `JAX_COMPILATION_CACHE_DIR` names another folder.
"""

from __future__ import annotations

import hashlib
import os
import platform
from contextlib import suppress
from pathlib import Path

VARIABLE = "JAX_COMPILATION_CACHE_DIR"
MAX_FILES = 64  # files, of about 250 KB each


def keep_in(data_dir: Path) -> None:
    """Have JAX, which must not be imported yet, keep what it compiles; the oldest beyond `MAX_FILES` files goes."""
    folder = Path(os.environ.setdefault(VARIABLE, str(data_dir / "compiled" / _processor())))
    with suppress(OSError):  # without it, trainings compile
        files = sorted(folder.glob("*"), key=lambda file: file.stat().st_mtime)
        for file in files[:-MAX_FILES]:
            file.unlink(missing_ok=True)


def _processor() -> str:
    """Names the kind of processor: code compiled for another may not run on this one."""
    features = ""
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        features = next((line for line in lines if line.startswith(("flags", "Features"))), "")
    description = " ".join([platform.machine(), platform.processor(), features])
    return hashlib.sha256(description.encode()).hexdigest()[:16]
