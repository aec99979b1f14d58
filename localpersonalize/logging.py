"""The service's log: sentences for people, or one JSON object a line for machines."""

from __future__ import annotations

import json
import logging
import os
import re
from datetime import UTC, datetime
from typing import Any

FORM = "LOCALPERSONALIZE_LOG_FORMAT"
TEXT = "%(asctime)s %(levelname)s %(name)s %(message)s"
_OF_EVERY_RECORD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime"}

_INDENT = "    | "
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def _escaped(match: re.Match[str]) -> str:
    return repr(match[0])[1:-1]


class TextLines(logging.Formatter):
    """One line a record: what came from a client can't begin a line that looks like one of the service."""

    def __init__(self) -> None:
        super().__init__(TEXT)

    def formatMessage(self, record: logging.LogRecord) -> str:
        return _CONTROLS.sub(_escaped, super().formatMessage(record))

    def formatException(self, ei: Any) -> str:
        text = super().formatException(ei)
        return "\n".join(_INDENT + _CONTROLS.sub(_escaped, line) for line in text.splitlines())


class JsonLines(logging.Formatter):
    """Time, level, logger, message, and whatever the caller gave as `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **{name: value for name, value in vars(record).items() if name not in _OF_EVERY_RECORD},
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def configure(form: str) -> None:
    """
    :param form: `text` or `json`.
    """
    os.environ[FORM] = form  # for its workers, whose lines go to the same place
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
