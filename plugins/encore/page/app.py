"""The page's routes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException as AnyHttpException

from encore import batch_costs, cost, history
from encore.config import DatasetGroup, load_pipeline
from encore.config.loader import PipelineError
from encore.config.recommenders import is_use_case
from encore.metric_names import METRIC
from encore.page import service
from encore.page.access import Api, Group, readable_groups
from encore.page.airflow_api import AirflowApiError
from encore.page.live import metric_of, solutions_now, unrecorded
from encore.page.questions import ASKS, open_questions, questions_by_dag
from encore.page.recommenders import recommenders_now
from encore.page.render import Addresses, html_page
from encore.page.run_details import RunDetails, details
from encore.page.run_list import last_runs, moment, outcome_of, sentences_of, word_of
from encore.page.try_page import suggestions, try_page
from encore.report import experiments
from encore.report import page as report_page
from encore.report.charts import measurements
from encore.report.online import view_of

THREADS = 8
STATIC = Path(__file__).with_name("static")
REPORT_SECURITY_POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'self'"
)


def create_app() -> FastAPI:
    """The app that Airflow mounts."""
    app = FastAPI(title="Encore", docs_url=None, redoc_url=None, openapi_url=None)
    app.mount("/static", StaticFiles(directory=STATIC, packages=[("encore.report", "static")]))
    app.add_api_route("/", home)
    app.add_api_route("/dags/{dag_id}", of_dag)
    app.add_api_route("/dags/{dag_id}/runs/{run_id}", of_dag)
    app.add_api_route("/groups/{name}/runs/{dag_id}/{run_id}", run_page)
    app.add_api_route("/groups/{name}", group_page)
    app.add_api_route("/groups/{name}/metrics", metrics_page)
    app.add_api_route("/groups/{name}/try", try_page)
    app.add_api_route("/groups/{name}/suggestions", suggestions)
    app.add_api_route("/groups/{name}/report", report)
    app.add_exception_handler(AnyHttpException, _refusal)
    app.add_exception_handler(AirflowApiError, _airflow_refuses)
    app.add_exception_handler(PipelineError, _pipeline_error)
    app.add_exception_handler(Exception, _unexpected)
    return app


def home(request: Request, api: Api, choose: bool = False) -> Response:
    """The group, if the reader may read one; the choice of groups otherwise, or if that is asked for."""
    groups = readable_groups(api)
    if len(groups) == 1 and not choose:
        return RedirectResponse(Addresses.of(request).group(groups[0].name))
    questions = questions_by_dag(api)
    # A client takes longer to make than to ask, and most groups share a connection.
    one_of_each = {group.aws_conn_id: group for group in groups}
    clients = {conn_id: service.s3(group) for conn_id, group in one_of_each.items()}
    with ThreadPoolExecutor(THREADS) as pool:
        past = pool.map(lambda group: _last_run(clients[group.aws_conn_id], group), groups)
        overviews = [
            _overview(group, rows, sum(questions[group.dag_id(name)] for name in ASKS))
            for group, rows in zip(groups, past, strict=True)
        ]
    return html_page(request, "groups.html", groups=overviews)


def of_dag(request: Request, dag_id: str, api: Api, run_id: str | None = None) -> Response:
    """The page of the group that a DAG belongs to, or of its run."""
    api.get(f"/dags/{quote(dag_id, safe='')}")
    for group in load_pipeline().dataset_groups:
        if dag_id in group.dag_ids:
            at = Addresses.of(request)
            return RedirectResponse(at.run(group.name, dag_id, run_id) if run_id else at.group(group.name))
    return _message(request, 200, "Not one of Encore's", f"{dag_id} is no DAG of the pipeline file.")


def group_page(request: Request, group: Group, api: Api) -> HTMLResponse:
    """What is live, what waits, and what the last runs came to."""
    past, history_error = service.attempt(lambda: history.read(service.s3(group), group.bucket, group.prefix))
    served, service_error = service.attempt(lambda: service.served(service.personalize(group), group))
    campaigns, states = served or (None, None)
    today = datetime.now(UTC).date()
    jobs = _batch_costs(group, today.replace(day=1))
    rows = past or []
    runs = last_runs(api, group, rows)
    missing = unrecorded(rows, campaigns)
    metrics = service.metrics(service.personalize(group), missing) if missing else {}
    solutions = solutions_now(group, rows, campaigns, metrics)
    recommenders = recommenders_now(group, rows, states)
    answers = [*(now.serves for now in solutions), *(now.answers for now in recommenders)]
    return html_page(
        request,
        "group.html",
        group=group,
        current="",
        solutions=solutions,
        recommenders=recommenders,
        unused=history.last_sentences(rows, "unused"),
        runs=runs,
        is_busy=any(run.outcome in ("running", "waiting") for run in runs),
        cost=cost.of_month(rows, today, jobs),
        questions=open_questions(api, group),
        history_error=history_error,
        service_error=service_error,
        is_empty=not (rows or runs or history_error or any(answers)),
    )


def run_page(request: Request, group: Group, dag_id: str, run_id: str, api: Api) -> HTMLResponse:
    """A run: its steps, its data, how its versions compare, and what failed."""
    if dag_id not in group.dag_ids:
        raise HTTPException(404, f"{dag_id} is no DAG of {group.name}.")
    past, _ = service.attempt(lambda: history.read(service.s3(group), group.bucket, group.prefix))
    run = details(api, dag_id, run_id, past or [])
    asks = dag_id in map(group.dag_id, ASKS) and not run.is_over
    questions = open_questions(api, group, dag_id, run_id) if asks else []
    outcome = "waiting" if questions else _outcome(run)
    has_details = run.decisions or run.failures
    return html_page(
        request,
        "run.html",
        group=group,
        current="run",
        details=run,
        outcome=outcome,
        word=word_of(run.rows) if outcome in ("promoted", "nothing") else "",
        begun=moment(run.run["run_after"]),
        questions=questions,
        sentences=sentences_of(row for row in run.rows if is_use_case(row["recipe"]) or not has_details),
    )


def metrics_page(request: Request, group: Group) -> HTMLResponse:
    """Where an A/B test stands, what recommendations have led to, and each solution's metrics over its versions."""
    past, history_error = service.attempt(lambda: history.read(service.s3(group), group.bucket, group.prefix))
    rows = past or []
    judged = {solution.name: metric_of(solution) for solution in group.solutions}
    judged |= {recommender.name: METRIC for recommender in group.recommenders}
    return html_page(
        request,
        "metrics.html",
        online=view_of(service.online(group, rows)),
        experiment=_experiment(group),
        group=group,
        current="metrics",
        history_error=history_error,
        solutions=[charts for name, metric in judged.items() if (charts := measurements(rows, name, metric))],
    )


def _outcome(run: RunDetails) -> str:
    if not run.is_over:
        return "running"
    return "failed" if run.run["state"] == "failed" else outcome_of(run.rows)


def report(request: Request, group: Group) -> HTMLResponse:
    """The report of all runs, drawn now: one file to keep or to send."""
    rows = history.read(service.s3(group), group.bucket, group.prefix)
    policy = {"Content-Security-Policy": REPORT_SECURITY_POLICY}
    results = service.online(group, rows)
    content = report_page.page(
        rows, group.name, results=results, experiment=_experiment(group), batch=_batch_costs(group)
    )
    return HTMLResponse(content, headers=policy)


def _batch_costs(group: DatasetGroup, since: date | None = None) -> Sequence[Mapping[str, Any]]:
    """What batch jobs have cost; what can't be read is left out."""
    rows, _ = service.attempt(lambda: batch_costs.read(service.s3(group), group.bucket, group.prefix, since))
    return rows or []


def _experiment(group: DatasetGroup) -> experiments.View | None:
    """Where an A/B test stands; what can't be read is left out."""
    view, _ = service.attempt(lambda: experiments.read(service.s3(group), group))
    return view


def _last_run(s3: Any, group: DatasetGroup) -> tuple[list[dict[str, Any]] | None, str | None]:
    return service.attempt(lambda: history.read(s3, group.bucket, group.prefix, newest=1))


def _overview(
    group: DatasetGroup, past: tuple[list[dict[str, Any]] | None, str | None], questions: int
) -> Mapping[str, Any]:
    rows, problem = past[0] or [], past[1]
    return {
        "name": group.name,
        "last": rows,
        "outcome": outcome_of(rows),
        "word": word_of(rows),
        "sentences": sentences_of(rows),
        "questions": questions,
        "problem": problem,
    }


def _message(request: Request, status: int, title: str, text: str) -> HTMLResponse:
    return html_page(request, "message.html", status, title=title, text=text)


def _refusal(request: Request, error: Any) -> HTMLResponse:
    return _message(request, error.status_code, "Nothing to see", str(error.detail))


def _airflow_refuses(request: Request, error: Any) -> HTMLResponse:
    title = "Sign in first" if error.status == 401 else "Airflow does not show this"
    return _message(request, error.status, title, str(error))


def _pipeline_error(request: Request, error: Any) -> HTMLResponse:
    return _message(request, 500, "The pipeline file can't be used", str(error))


def _unexpected(request: Request, error: Any) -> HTMLResponse:
    text = f"{type(error).__name__}: {error}. The log of Airflow's API server has all of it."
    return _message(request, 500, "The page has failed", text)
