"""`python -m encore.config`."""

from __future__ import annotations

import subprocess
import sys

from encore.config import INCLUDE
from tests.support.pipeline_files import MINIMAL


def test_check_describes_the_file_and_fails_on_a_problem(tmp_path):
    def check(text: str) -> subprocess.CompletedProcess[str]:
        file = tmp_path / "pipeline.yaml"
        file.write_text(text)
        command = [sys.executable, "-W", "ignore", "-m", "encore.config", "check", str(file)]
        return subprocess.run(
            command, capture_output=True, text=True, cwd=INCLUDE.parent / "plugins", check=False
        )

    good, bad = (
        check(MINIMAL.replace("aws-sims", "aws-user-personalization-v2")),
        check(MINIMAL.replace("aws-sims", "aws-sim")),
    )
    assert good.returncode == 0
    assert "worse than popular" in good.stdout
    assert bad.returncode == 1
    assert ":11: dataset_groups.0.solutions.1.recipe" in bad.stdout
