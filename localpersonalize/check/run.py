"""All checks of a data directory, in the order in which they stand on each other, as lines to print."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from localpersonalize import credentials, quotas
from localpersonalize.check import database, s3
from localpersonalize.check.data import DataCheck
from localpersonalize.check.findings import Aside, Finding
from localpersonalize.data_directory import open_data
from localpersonalize.disk.lock import DataDirectoryError


class Check:
    """One pass; `left` counts what is damaged still, `mended` what was."""

    def __init__(self, data_dir: Path, region: str, repairs: bool) -> None:
        self._data_dir, self._region, self._repairs = data_dir, region, repairs
        self._aside = Aside(data_dir)
        self.left, self.mended = 0, 0

    def lines(self) -> Iterator[str]:
        """
        :raises DataDirectoryError: if a newer version of localpersonalize made it.
        """
        before = self.left
        yield from self._report(database.findings(self._data_dir, self._aside))
        if self.left > before:
            yield "Datasets and models can be checked once the database is repaired."
        else:
            opened, tables = open_data(self._data_dir)
            with closing(opened):
                yield from self._report(DataCheck(self._data_dir, opened, tables, self._aside).findings())
        yield from self._report(s3.findings(self._data_dir, self._region, self._aside))
        yield from self._report(self._settings())

    def _report(self, findings: Iterator[Finding]) -> Iterator[str]:
        for finding in findings:
            yield f"{finding.path}: {_without(finding)}"
            yield f"  lost: {finding.lost}"
            if self._repairs and finding.repair is not None:
                yield f"  done: {finding.repair()}"
                self.mended += 1
            else:
                self.left += 1

    def _settings(self) -> Iterator[Finding]:
        file = self._data_dir / credentials.FILE
        if file.exists():
            try:
                credentials.load(self._data_dir, {})
            except DataDirectoryError as error:
                lost = "the key pair: a new one is made at the next start, unless the environment has one"
                yield Finding(file, str(error), lost, lambda: self._aside.move(file))
        file = self._data_dir / quotas.FILE
        try:
            quotas.load(file)
        except quotas.QuotasError as error:
            yield Finding(file, str(error), "your quotas: mend them by hand, or delete the file")


def _without(finding: Finding) -> str:
    return finding.what.removeprefix(f"{finding.path}: ").removeprefix(f"{finding.path} ")
