"""Lines of the log."""

from __future__ import annotations

import json
import logging

from localpersonalize.logging import JsonLines


def test_a_line_of_the_log_is_json() -> None:
    record = logging.makeLogRecord(
        {"msg": "request %s", "args": ("r1",), "levelname": "INFO", "operation": "ListSchemas"}
    )
    line = json.loads(JsonLines().format(record))
    assert (line["message"], line["operation"], line["level"]) == ("request r1", "ListSchemas", "INFO")
