"""Puts the service together: the one place where collaborators are made and handed to each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from localpersonalize.aws.clients import Clients
from localpersonalize.data_directory import open_data
from localpersonalize.fault_injection import Faults
from localpersonalize.http.background import Background
from localpersonalize.http.health import Health
from localpersonalize.http.personalize import PersonalizeApi
from localpersonalize.http.server import Server
from localpersonalize.jobs.job_types import JOB_TYPES
from localpersonalize.jobs.queue import Queue
from localpersonalize.jobs.task_runner import TaskRunner
from localpersonalize.protocol.arns import AwsAccount
from localpersonalize.protocol.sigv4 import Credentials
from localpersonalize.quotas import Quotas
from localpersonalize.resources.context import Context
from localpersonalize.resources.repository import Repository
from localpersonalize.runtime.adapters import RuntimeSources, model_folder
from localpersonalize.runtime.engine import Runtime
from localpersonalize.runtime.metrics import Metrics


@dataclass(frozen=True)
class Settings:
    """What the command line says. `pace` is the factor of the real service's minutes that jobs take at least."""

    data_dir: Path
    account: AwsAccount = field(default_factory=AwsAccount)
    pace: float = 0.0
    s3_endpoint: str | None = None
    quotas: Quotas = field(default_factory=Quotas)
    faults: Faults = field(default_factory=Faults)


def build(settings: Settings, credentials: Credentials, aws_endpoint: str) -> Server:
    """The service of one account in one region, ready to be started.

    :param aws_endpoint: of moto, which answers for all other services of AWS.
    """
    data_dir = settings.data_dir
    database, tables = open_data(data_dir)
    sources = RuntimeSources(database, tables, partial(model_folder, data_dir))
    engine = Runtime(sources, sources)
    clients = Clients(settings.account.region, aws_endpoint, credentials, settings.s3_endpoint)
    queue = Queue(database, JOB_TYPES, TaskRunner(data_dir, clients, settings.faults), settings.pace)
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
    metrics = Metrics(jobs=database.counts, sizes=engine.model_sizes, queue=queue.length)
    return Server(
        PersonalizeApi(context, settings.faults, metrics),
        credentials,
        aws_endpoint,
        Health(database, aws_endpoint),
        metrics,
        Background(context, queue),
    )
