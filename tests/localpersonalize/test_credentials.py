"""The key pair that a service accepts."""

from __future__ import annotations

import stat
from pathlib import Path

import botocore.session
import pytest

from localpersonalize import credentials
from localpersonalize.disk.lock import DataDirectoryError


def test_a_generated_key_pair_is_kept_for_its_owner_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = credentials.load(tmp_path, {})
    file = tmp_path / credentials.FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert credentials.load(tmp_path, {}) == made
    assert credentials.load(tmp_path / "other", {}) != made
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    result = botocore.session.Session().get_credentials()
    assert (result.access_key, result.secret_key) == (made.access_key_id, made.secret_access_key)


def test_the_key_pair_of_the_environment_comes_first(tmp_path: Path) -> None:
    pair = credentials.load(tmp_path, {"AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "S"})
    assert (pair.access_key_id, pair.secret_access_key) == ("A", "S")
    assert not (tmp_path / credentials.FILE).exists()


@pytest.mark.parametrize(
    "content", [b"", b"\0" * 90, b"[default]\naws_access_key_id = A\n", b"\xff\xfe", b"[def"]
)
def test_a_damaged_file_is_a_sentence_with_the_way_out(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "credentials").write_bytes(content)
    with pytest.raises(DataDirectoryError, match=r"credentials is damaged .* Delete it"):
        credentials.load(tmp_path, {})
    assert (
        credentials.load(tmp_path, {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s"}).access_key_id
        == "k"
    )


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_any_credentials_are_for_this_machine(host: str) -> None:
    assert credentials.accepts_any(host, True, False)
    assert not credentials.accepts_any(host, False, False)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.1", "service.example"])
def test_any_credentials_of_other_machines_are_a_flag_of_their_own(host: str) -> None:
    with pytest.raises(ValueError, match="--any-credentials-on-network"):
        credentials.accepts_any(host, True, False)
    assert credentials.accepts_any(host, False, True)
    assert credentials.accepts_any(host, True, True)
