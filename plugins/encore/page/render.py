"""Templates, addresses and how values are written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from encore.metric_names import short_name
from encore.report import comparisons
from encore.report.wording import number, outcome_word, prose, version, when

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:;"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
)
HEADERS = {"Content-Security-Policy": CONTENT_SECURITY_POLICY, "Cache-Control": "no-store"}
UNITS = (("days", 86400), ("hours", 3600), ("minutes", 60), ("seconds", 1))
JUST_NOW = 20
_CODE = re.compile(r"`([^`]+)`")
TEMPLATES = Path(__file__).with_name("templates")
SHARED = Path(comparisons.__file__).parent  # what the report shows in the same way


@dataclass(frozen=True)
class Addresses:
    """Where pages are.

    :param own: the path at which Airflow has mounted the page
    :param airflow: the path of Airflow's UI, without a slash at its end
    """

    own: str
    airflow: str

    @classmethod
    def of(cls, request: Request) -> Addresses:
        own = str(request.scope.get("root_path", ""))
        return cls(own, own.rsplit("/", 1)[0])

    def static(self, name: str) -> str:
        return f"{self.own}/static/{name}"

    def home(self) -> str:
        return f"{self.own}/"

    def group(self, name: str, page: str = "") -> str:
        return f"{self.own}/groups/{quote(name, safe='')}" + (f"/{page}" if page else "")

    def run(self, group: str, dag_id: str, run_id: str) -> str:
        return self.group(group, f"runs/{quote(dag_id, safe='')}/{quote(run_id, safe='')}")

    def dag(self, dag_id: str) -> str:
        """The DAG in Airflow's UI."""
        return f"{self.airflow}/dags/{quote(dag_id, safe='')}"

    def task(self, task: Any, tab: str = "") -> str:
        """A task instance in Airflow's UI: its log, or another tab."""
        index = f"/mapped/{task['map_index']}" if task["map_index"] >= 0 else ""
        name = quote(task["task_id"], safe="") + index + (f"/{tab}" if tab else "")
        return self.dag_run(task["dag_id"], task["dag_run_id"], f"tasks/{name}")

    def put_live(self, group: str, version_arn: str) -> str:
        """Where the version can be put live."""
        return f"{self.group(group, 'try')}?put={quote(version_arn, safe='')}#rollback"

    def dag_run(self, dag_id: str, run_id: str, tab: str = "") -> str:
        """The run in Airflow's UI."""
        return f"{self.dag(dag_id)}/runs/{quote(run_id, safe='')}" + (f"/{tab}" if tab else "")


def html_page(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page; everything in it is escaped."""
    page = _environment().get_template(f"{template}.jinja").render(at=Addresses.of(request), **values)
    return HTMLResponse(page, status, HEADERS)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader([TEMPLATES, SHARED]),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters |= {
        "number": number,
        "when": when,
        "ago": ago,
        "duration": duration,
        "version": version,
        "prose": marked_prose,
        "short_metric": short_name,
        "outcome_word": outcome_word,
    }
    return environment


def ago(time: datetime | None) -> str:
    """How long ago, in the largest unit."""
    if time is None:
        return ""
    seconds = (datetime.now(UTC) - time).total_seconds()
    unit, size = next((unit for unit in UNITS if seconds >= 2 * unit[1]), UNITS[-1])
    return "just now" if seconds < JUST_NOW else f"{seconds // size:.0f} {unit} ago"


def duration(seconds: float | None) -> str:
    """A duration in the one or two units that matter."""
    if seconds is None:
        return "–"
    whole = max(round(seconds), 0)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min" + (f" {whole % 60} s" if whole < 600 and whole % 60 else "")
    hours, minutes = divmod(whole // 60, 60)
    if hours < 48:
        return f"{hours} h" + (f" {minutes} min" if minutes else "")
    return f"{hours // 24} days"


def marked_prose(text: str | None) -> Markup:
    """The same as HTML, with what is between backticks as code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(prose(text)))))
