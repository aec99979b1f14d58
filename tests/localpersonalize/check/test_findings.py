"""Where damaged files go."""

from __future__ import annotations

from pathlib import Path

from localpersonalize.check.findings import Aside


def test_files_and_folders_are_kept_where_they_were_below_another_folder(tmp_path: Path) -> None:
    (tmp_path / "models" / "m").mkdir(parents=True)
    aside = Aside(tmp_path)
    for content in ("first", "second"):
        (tmp_path / "models" / "m").mkdir(exist_ok=True)
        (tmp_path / "models" / "m" / "weights").write_text(content)
        said = aside.move(tmp_path / "models" / "m")
        assert said.startswith(f"moved to {aside.folder}/models/m")
    assert (aside.folder / "models/m/weights").read_text() == "first"
    assert (aside.folder / "models/m+/weights").read_text() == "second"
    assert aside.move(tmp_path / "models" / "m") == "there was nothing to move"
