"""What a running `localpersonalize` holds: memory, handles, threads, disk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.live_service import LiveService

MB = 1e6


def sample(service: LiveService) -> dict[str, int]:
    """Of the server's own process: resident MB, open handles and threads; of its data directory: MB."""
    assert service.process is not None
    process = Path(f"/proc/{service.process.pid}")
    files = (path.stat().st_size for path in (service.folder / "data").rglob("*") if path.is_file())
    return {
        "memory_mb": round(service.memory() / MB),
        "handles": len(list((process / "fd").iterdir())),
        "threads": len(list((process / "task").iterdir())),
        "disk_mb": round(sum(files) / MB),
    }


def report(**figures: Any) -> None:
    """A line of figures."""
    print(json.dumps(figures), flush=True)
