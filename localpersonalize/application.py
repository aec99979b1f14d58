"""Puts the service together: the one place where collaborators are made and handed to each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from localpersonalize.aws.clients import Clients
from localpersonalize.aws.moto_server import MotoProcess
from localpersonalize.aws.s3.application import S3Application
from localpersonalize.aws.s3.folders import aws_folder
from localpersonalize.aws.s3.storage import Storage
from localpersonalize.credentials import file_of
from localpersonalize.data_directory import open_as_owner
from localpersonalize.fault_injection import Faults
from localpersonalize.http.background import Background
from localpersonalize.http.callers import Callers
from localpersonalize.http.health import Health
from localpersonalize.http.page_door import PageDoor
from localpersonalize.http.personalize import PersonalizeApi
from localpersonalize.http.request_counts import RequestCounts
from localpersonalize.http.restartable import RestartableServer
from localpersonalize.http.server import Server
from localpersonalize.http.state import StateApplication
from localpersonalize.initialisation import Initialisation
from localpersonalize.jobs.job_types import JOB_TYPES
from localpersonalize.jobs.machine import WorkerLimits, worker_limits
from localpersonalize.jobs.queue import Queue
from localpersonalize.jobs.task_runner import TaskRunner
from localpersonalize.protocol.arns import AwsAccount
from localpersonalize.protocol.sigv4 import Credentials
from localpersonalize.quotas import Quotas
from localpersonalize.resources.context import Context
from localpersonalize.resources.damage import DamageReports
from localpersonalize.resources.repository import Repository
from localpersonalize.runtime.adapters import RuntimeSources, model_folder
from localpersonalize.runtime.engine import Runtime
from localpersonalize.runtime.metrics import Metrics

if TYPE_CHECKING:
    from localpersonalize.page.application import Page


@dataclass(frozen=True)
class Settings:
    """What the command line says. `pace` is the factor of the real service's minutes that jobs take at least."""

    data_dir: Path
    account: AwsAccount = field(default_factory=AwsAccount)
    pace: float = 0.0
    s3_endpoint: str | None = None
    quotas: Quotas = field(default_factory=Quotas)
    faults: Faults = field(default_factory=Faults)
    workers: WorkerLimits = field(default_factory=worker_limits)
    callers: Callers = field(default_factory=Callers)
    shows_arns: bool = False
    has_page: bool = False
    initialisation: Initialisation = field(default_factory=Initialisation)


def build_application(settings: Settings, credentials: Credentials, endpoint: str) -> StateApplication:
    """The service of a data directory, whose content may be replaced while it serves; `build` makes what serves it."""
    server = RestartableServer(settings.data_dir, partial(build, settings, credentials, endpoint))
    return StateApplication(server, settings.data_dir, settings.account, credentials, settings.callers)


def build(settings: Settings, credentials: Credentials, endpoint: str) -> Server:
    """The service of one account in one region, ready to be started.

    :param endpoint: its own, where it and its workers find S3 and IAM.
    """
    data_dir = settings.data_dir
    database, tables = open_as_owner(data_dir)
    damage = DamageReports(database, tables, data_dir)
    sources = RuntimeSources(database, tables, partial(model_folder, data_dir), damage.of_file)
    engine = Runtime(sources, sources, damage.of_campaign)
    clients = Clients(settings.account.region, endpoint, credentials, settings.s3_endpoint)
    tasks = TaskRunner(data_dir, clients, settings.faults, settings.workers)
    queue = Queue(database, JOB_TYPES, tasks, settings.pace)
    context = Context(
        account=settings.account,
        quotas=settings.quotas,
        database=database,
        resources=Repository(database),
        tables=tables,
        engine=engine,
        clients=clients,
        jobs=queue,
        data_dir=data_dir,
    )
    metrics = Metrics(database.counts, engine.model_sizes, queue.length, settings.shows_arns)
    storage = Storage.of_data_directory(data_dir, settings.account)
    counts = RequestCounts(clients)
    api = PersonalizeApi(context, settings.faults, metrics, counts)

    def make_page() -> Page:
        from localpersonalize.page.application import Page
        from localpersonalize.page.service import Service, Start

        file = file_of(data_dir, credentials)
        start = Start(endpoint, settings.account.region, str(file) if file else None, credentials.accepts_any)
        return Page(Service(api.call, engine, tasks.progress, start))

    return Server(
        api,
        S3Application(storage, credentials),
        MotoProcess(aws_folder(data_dir), settings.account.number),
        credentials,
        settings.account.region,
        settings.callers,
        Health(database, storage, settings.initialisation),
        metrics,
        Background(context, queue),
        counts,
        PageDoor(make_page, settings.callers) if settings.has_page else None,
    )
