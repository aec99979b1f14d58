"""Ports and secrets are chosen once, kept, private, and can be given."""

from __future__ import annotations

import stat

from demo import settings
from demo.settings import Ports, Settings


def test_a_second_load_gives_the_same_ports_and_secrets(tmp_path):
    assert Settings.load(tmp_path) == Settings.load(tmp_path)


def test_two_homes_share_neither_ports_nor_secrets(tmp_path):
    one, other = Settings.load(tmp_path / "one"), Settings.load(tmp_path / "other")
    assert one.secrets != other.secrets
    assert not {*vars(one.ports).values()} & {*vars(other.ports).values()}


def test_only_the_owner_can_read_the_secrets(tmp_path):
    Settings.load(tmp_path)
    assert stat.S_IMODE((tmp_path / "settings.json").stat().st_mode) == 0o600


def test_others_cannot_look_into_the_home_nor_into_that_of_all(tmp_path, monkeypatch):
    """O7, also when they were open, and when an older file would lend its mode."""
    monkeypatch.setenv("ENCORE_HOME", str(tmp_path / "state"))
    home = settings.home()
    home.mkdir(parents=True, mode=0o755)
    (home / "settings.partial").touch(mode=0o644)
    Settings.load(home)
    for folder in (home, home.parent):
        assert not stat.S_IMODE(folder.stat().st_mode) & 0o066
    assert stat.S_IMODE((home / "settings.json").stat().st_mode) == 0o600


def test_ports_can_be_given_by_the_environment():
    ports = Ports.choose({"airflow": 1111, "aws": 2222}, {"ENCORE_AIRFLOW_PORT": "8081"})
    assert (ports.airflow, ports.aws) == (8081, 2222)


def test_each_source_of_data_has_a_home_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv("ENCORE_HOME", str(tmp_path))
    assert settings.home() == tmp_path / "shop"
    assert settings.home(tmp_path / "data" / "ml-100k") == tmp_path / "ml-100k"
