"""The log: a record is a line, whatever clients send."""

from __future__ import annotations

import json
import logging
import sys

import pytest

from localpersonalize.logging import JsonLines, TextLines
from localpersonalize.protocol.sigv4 import Credentials

FORGED = "name\n2026-01-01 INFO all is well\r\x1b[2J\u2028x"


def record(message: str, error: BaseException | None = None) -> logging.LogRecord:
    info = (type(error), error, error.__traceback__) if error else None
    return logging.LogRecord("l", logging.INFO, "f", 1, "request %s", (message,), info)


@pytest.mark.parametrize("formatter", [TextLines(), JsonLines()])
def test_line_breaks_of_data_make_no_lines(formatter: logging.Formatter) -> None:
    line = formatter.format(record(FORGED))
    assert len(line.splitlines()) == 1
    assert "\x1b" not in line


def test_a_traceback_is_indented_and_its_data_too() -> None:
    try:
        raise ValueError(FORGED)
    except ValueError as error:
        lines = TextLines().format(record("failed", error)).splitlines()
    assert "request failed" in lines[0]
    assert all(line.startswith("    | ") for line in lines[1:])
    assert json.loads(JsonLines().format(record("x")))["message"] == "request x"
    assert sys.exc_info() == (None, None, None)


def test_credentials_are_not_shown() -> None:
    assert "secret" not in repr(Credentials("AKID", "secret")).replace("secret_access_key", "")
