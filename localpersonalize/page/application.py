"""The page's addresses, and what answers each."""

from __future__ import annotations

import hmac
import json
import logging
import mimetypes
import re
import secrets
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jinja2

from localpersonalize.page import groups, metrics, search, statuses, try_it
from localpersonalize.page.forms import Form
from localpersonalize.page.groups import Group
from localpersonalize.page.jobs import SHOWN_JOBS
from localpersonalize.page.service import Service
from localpersonalize.protocol.errors import AccessDeniedError, NotFoundError, ServiceError

log = logging.getLogger(__name__)

FOLDER = Path(__file__).parent
HTML = "text/html; charset=utf-8"
JSON = "application/json"
NOT_STORED = ("cache-control", "no-store")
YEAR = ("cache-control", "private, max-age=31536000, immutable")
WHOLE_GROUPS = 24
"""Newest dataset groups that the first page shows more of than the name."""
CHARTS = (1080, 340)
"""Widths of the drawings of a chart, for wide and for narrow windows."""


@dataclass(frozen=True)
class PageRequest:
    """`query` and `form`: names and texts, in order."""

    method: str
    path: str
    query: Sequence[tuple[str, str]] = ()
    form: Sequence[tuple[str, str]] = ()

    def field(self, name: str) -> str:
        """The last text of this name in the query, or of a POST in its form; empty if there is none."""
        pairs = self.form if self.method == "POST" else self.query
        return dict(pairs).get(name, "").strip()


@dataclass(frozen=True)
class PageResponse:
    """An answer to a browser; the headers that every answer has are not among these."""

    content: bytes
    content_type: str = HTML
    status: int = 200
    headers: Sequence[tuple[str, str]] = field(default=(NOT_STORED,))


class Page:
    """Answers requests for the page, one at a time or many."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._token = secrets.token_urlsafe(32)
        """Only who can read the page knows it: other sites can make a browser send a form, but not read this."""
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(FOLDER / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals.update(
            statuses=statuses, static=static_address, token=self._token, address=group_address
        )

    def answer(
        self, method: str, path: str, query: Sequence[tuple[str, str]], form: Sequence[tuple[str, str]]
    ) -> PageResponse:
        """The answer to any request; errors are pages, too.

        :param query: names and texts, in order; `form` likewise.
        """
        request = PageRequest("GET" if method == "HEAD" else method, path, query, form)
        try:
            for of_route, pattern, function in ROUTES:
                match = pattern.fullmatch(request.path)
                if match and request.method == of_route:
                    return function(self, request, **match.groupdict())
            raise NotFoundError("There is no such page.", status=404)
        except ServiceError as error:
            status = error.status if error.status in (403, 404, 503) else 400
            return self._render("error.html.jinja", status=status, error=error)
        except Exception:
            log.exception("the page %s failed", request.path)
            failure = ServiceError("An internal error occurred. The service's log has it.", status=500)
            return self._render("error.html.jinja", status=500, error=failure)

    # --- what answers ---

    def home(self, request: PageRequest) -> PageResponse:
        bodies = groups.group_bodies(self._service)
        read = [groups.read_group(self._service, body) for body in bodies[:WHOLE_GROUPS]]
        others = [body["name"] for body in bodies[WHOLE_GROUPS:]]
        return self._render("home.html.jinja", groups=read, others=others, start=self._service.start)

    def group(self, request: PageRequest, name: str) -> PageResponse:
        group = self._read(name)
        comparison = metrics.compare(groups.measured_in(self._service, group))
        metric = metrics.headline(comparison, request.field("metric"))
        charts = [metrics.chart(comparison, metric, width) for width in CHARTS] if metric else []
        unfinished = [job for job in group.jobs if job.tone in ("busy", "failed")]
        done = [job for job in group.jobs if job.tone not in ("busy", "failed")]
        limit = len(done) if request.field("jobs") == "all" else SHOWN_JOBS
        return self._render(
            "group.html.jinja",
            group=group,
            step=groups.next_step(self._service, group),
            jobs=[*unfinished, *done[:limit]],
            hidden_jobs=max(0, len(done) - limit),
            comparison=comparison,
            charts=[chart for chart in charts if chart],
            start=self._service.start,
        )

    def trial(self, request: PageRequest, name: str) -> PageResponse:
        return self._trial(self._read(name), Form.read(request.query), was_put=request.field("put"))

    def put_event(self, request: PageRequest, name: str) -> PageResponse:
        if not hmac.compare_digest(request.field("token").encode(), self._token.encode()):
            raise AccessDeniedError(
                "The form was not of this page, or the service has been started again since. Load the page again.",
                code="AccessDeniedException",
            )
        group, form = self._read(name), Form.read(request.form)
        item, event_type = request.field("event_item"), request.field("event_type")
        try:
            try_it.put_event(self._service, group, form, event_type, item, request.field("event_value"))
        except ServiceError as error:
            return self._trial(group, form, refused=error)
        put = f"{event_type} of {item}"
        address = f"{group_address(name)}/try?{form.query(before=form.before, put=put)}#list"
        return PageResponse(b"", status=303, headers=(NOT_STORED, ("location", address)))

    def suggest(self, request: PageRequest, name: str) -> PageResponse:
        """Users or items of a group as JSON; those of a campaign of actions are actions."""
        group = self._read(name)
        serving = try_it.serving_of(group, request.field("serving"))
        if serving is None:
            raise NotFoundError(f"{name} has no campaign or recommender that serves.", status=404)
        data = self._service.engine.data(self._service.engine.deployment(serving.arn).data_arn)
        matches = search.users if request.field("of") == "users" else search.items
        suggestions = [suggestion.to_json() for suggestion in matches(data, request.field("text"))]
        return PageResponse(json.dumps(suggestions).encode(), JSON)

    def file(self, request: PageRequest, name: str) -> PageResponse:
        content, content_type = static_file(name)
        return PageResponse(content, content_type, headers=(YEAR,))

    # --- how ---

    def _trial(
        self, group: Group, form: Form, was_put: str = "", refused: ServiceError | None = None
    ) -> PageResponse:
        """
        :param was_put: the event that was put before, in words.
        :param refused: why it was not.
        """
        trial = try_it.trial(self._service, group, form, is_asked=form.is_asking)
        status = 400 if refused else 200
        return self._render(
            "try.html.jinja", status, group=group, trial=trial, was_put=was_put, refused=refused
        )

    def _read(self, name: str) -> Group:
        return groups.read_group(self._service, groups.find_group(self._service, name))

    def _render(self, template: str, status: int = 200, **values: Any) -> PageResponse:
        text = self._templates.get_template(template).render(now=time.time(), **values)
        return PageResponse(text.encode("utf-8", "replace"), status=status)


def group_address(name: str) -> str:
    """Where a dataset group's page is."""
    return f"/_page/groups/{quote(name, safe='')}"


def static_address(name: str) -> str:
    """Where a file of `static` is; another one once its content changes, so that browsers may keep it."""
    return f"/_page/static/{name}?{zlib.crc32(static_file(name)[0]):08x}"


@cache
def static_file(name: str) -> tuple[bytes, str]:
    """Content and type of a file of `static`.

    :raises NotFoundError: if there is none.
    """
    files = {file.name: file for file in (FOLDER / "static").iterdir()}
    if name not in files:
        raise NotFoundError("There is no such file.", status=404)
    content_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    text = f"{content_type}; charset=utf-8" if content_type.startswith("text/") else content_type
    return files[name].read_bytes(), text


_GROUP = r"/_page/groups/(?P<name>[^/]+)"
ROUTES: tuple[tuple[str, re.Pattern[str], Callable[..., PageResponse]], ...] = (
    ("GET", re.compile(r"/"), Page.home),
    ("GET", re.compile(_GROUP), Page.group),
    ("GET", re.compile(_GROUP + "/try"), Page.trial),
    ("GET", re.compile(_GROUP + "/suggestions"), Page.suggest),
    ("POST", re.compile(_GROUP + "/events"), Page.put_event),
    ("GET", re.compile(r"/_page/static/(?P<name>[^/]+)"), Page.file),
)
