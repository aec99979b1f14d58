"""A second training of like shapes finds the first one's compiled step, in another process."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from localpersonalize.training import compiled_steps

TRAINING = """
import sys
from pathlib import Path
from localpersonalize.training import compiled_steps
compiled_steps.keep_in(Path(sys.argv[1]))
from localpersonalize.recipes.base.options import TrainingOptions
from localpersonalize.recipes.hrnn.hrnn import Hrnn, HrnnHyperparameters
from tests.support.planted import chain
Hrnn().train(chain(users=int(sys.argv[2]), items=12, length=8), HrnnHyperparameters(), TrainingOptions())
"""


def compiled_by_training(folder, users):
    environment = {name: value for name, value in os.environ.items() if name != compiled_steps.VARIABLE}
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)
    subprocess.run([sys.executable, "-c", TRAINING, str(folder), str(users)], env=environment, check=True)
    return {file.name for file in folder.glob("compiled/*/*") if "jit_step" in file.name}


@pytest.mark.long
def test_the_next_training_compiles_nothing(tmp_path):
    first = compiled_by_training(tmp_path, users=30)
    assert len(first) >= 1
    assert compiled_by_training(tmp_path, users=37) == first


def test_the_oldest_files_go(tmp_path, monkeypatch):
    monkeypatch.setenv(compiled_steps.VARIABLE, str(tmp_path))
    for number in range(compiled_steps.MAX_FILES + 5):
        file = tmp_path / f"step-{number}"
        file.write_bytes(b"code")
        os.utime(file, (number, number))
    compiled_steps.keep_in(tmp_path)
    left = sorted(int(file.name.split("-")[1]) for file in tmp_path.iterdir())
    assert left == list(range(5, compiled_steps.MAX_FILES + 5))


def test_a_folder_that_is_named_is_used(tmp_path, monkeypatch):
    monkeypatch.setenv(compiled_steps.VARIABLE, str(tmp_path / "mine"))
    compiled_steps.keep_in(tmp_path)
    assert os.environ[compiled_steps.VARIABLE] == str(tmp_path / "mine")


@pytest.fixture(autouse=True)
def _no_folder_of_the_test_run(monkeypatch):
    monkeypatch.delenv(compiled_steps.VARIABLE, raising=False)
