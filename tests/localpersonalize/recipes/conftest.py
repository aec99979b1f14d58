from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

# Test modules share the planted data; they have no package to import it from.
_spec = importlib.util.spec_from_file_location("planted", Path(__file__).with_name("planted.py"))
assert _spec is not None
assert _spec.loader is not None
planted = importlib.util.module_from_spec(_spec)
sys.modules["planted"] = planted
_spec.loader.exec_module(planted)


@pytest.fixture
def make_data():
    return planted.data_of
