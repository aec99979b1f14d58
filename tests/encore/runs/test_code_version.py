"""Which version of the code a run was made by."""

from __future__ import annotations

from types import SimpleNamespace

from encore.runs.code_version import code_version


def test_the_bundle_comes_first_then_the_deployment_then_the_commit(tmp_path, monkeypatch):
    git = tmp_path / ".git"
    (git / "refs").mkdir(parents=True)
    (git / "HEAD").write_text("ref: refs/main\n")
    (git / "refs" / "main").write_text("abc123\n")
    monkeypatch.delenv("ENCORE_CODE_VERSION", raising=False)
    assert code_version(SimpleNamespace(), tmp_path) == "abc123"
    monkeypatch.setenv("ENCORE_CODE_VERSION", "1.2")
    assert code_version(SimpleNamespace(bundle_version=None), tmp_path) == "1.2"
    assert code_version(SimpleNamespace(bundle_version="bundle"), tmp_path) == "bundle"


def test_a_linked_work_tree_has_its_own_commit(tmp_path, monkeypatch):
    monkeypatch.delenv("ENCORE_CODE_VERSION", raising=False)
    git = tmp_path / "main" / ".git"
    (git / "worktrees" / "other").mkdir(parents=True)
    (git / "refs").mkdir()
    (git / "refs" / "other").write_text("def456\n")
    (git / "worktrees" / "other" / "HEAD").write_text("ref: refs/other\n")
    (git / "worktrees" / "other" / "commondir").write_text("../..\n")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / ".git").write_text(f"gitdir: {git / 'worktrees' / 'other'}\n")
    assert code_version(SimpleNamespace(), tmp_path / "other") == "def456"


def test_without_any_of_them_it_is_not_known(tmp_path, monkeypatch):
    monkeypatch.delenv("ENCORE_CODE_VERSION", raising=False)
    assert code_version(SimpleNamespace(), tmp_path) is None
