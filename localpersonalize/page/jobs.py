"""The jobs of a dataset group: what runs, what failed and why, what is done."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from localpersonalize.page import statuses
from localpersonalize.page.service import Service

SHOWN_JOBS = 12
"""Of those that are done; what runs and what failed is always there."""

_PERCENT = re.compile(r"\s*(\d{1,3})% *(.*)", re.S)
_AFTER_FAILURE = {
    "Import": "Mend what the reason names, then create another import job: a failed one is not taken up again.",
    "Export": "Mend what the reason names, then create another export job.",
    "Data deletion": "Mend what the reason names, then create another data deletion job.",
    "Training": "Mend what the reason names, then create another version of the solution. Campaigns go on with"
    " the version that they have.",
    "Batch inference": "Mend what the reason names, then create another batch inference job.",
    "Batch segment": "Mend what the reason names, then create another batch segment job.",
}


@dataclass(frozen=True)
class Job:
    """One job. Times in epoch seconds; `percent` is None where the worker has not said how far it is."""

    kind: str
    name: str
    of: str
    arn: str
    status: str
    started: float
    changed: float
    reason: str = ""
    percent: int | None = None
    doing: str = ""

    @property
    def tone(self) -> statuses.Tone:
        return statuses.tone(self.status)

    @property
    def advice(self) -> str:
        """What to do about a failure."""
        return _AFTER_FAILURE[self.kind] if self.tone == "failed" else ""

    def took(self, now: float) -> str:
        """How long it took, or has taken until now."""
        return statuses.duration((now if self.tone == "busy" else self.changed) - self.started)


def jobs_of(
    service: Service,
    group_arn: str,
    datasets: Iterable[Mapping[str, Any]],
    solutions: Iterable[Mapping[str, Any]],
    versions: Mapping[str, list[dict[str, Any]]],
) -> list[Job]:
    """Every job of a group: those that run first, then those that failed, then by time, newest first.

    :param versions: of each solution, by its ARN.
    """
    jobs = [
        *_data_jobs(service, group_arn, datasets),
        *_trainings(service, solutions, versions),
        *_batch_jobs(service, versions),
    ]
    order = {"busy": 0, "failed": 1}
    return sorted(jobs, key=lambda job: (order.get(job.tone, 2), -job.started))


def _data_jobs(service: Service, group_arn: str, datasets: Iterable[Mapping[str, Any]]) -> Iterator[Job]:
    for dataset in datasets:
        arn, of = dataset["datasetArn"], dataset["datasetType"].capitalize().replace("_", " ")
        for body in service.all("ListDatasetImportJobs", datasetArn=arn):
            yield _job(service, "Import", body, "datasetImportJobArn", of)
        for body in service.all("ListDatasetExportJobs", datasetArn=arn):
            yield _job(service, "Export", body, "datasetExportJobArn", of)
    for body in service.all("ListDataDeletionJobs", datasetGroupArn=group_arn):
        yield _job(service, "Data deletion", body, "dataDeletionJobArn", "all datasets")


def _trainings(
    service: Service, solutions: Iterable[Mapping[str, Any]], versions: Mapping[str, list[dict[str, Any]]]
) -> Iterator[Job]:
    for solution in solutions:
        for body in versions[solution["solutionArn"]]:
            named = {**body, "jobName": body["solutionVersionArn"].rsplit("/", 1)[-1]}
            yield _job(service, "Training", named, "solutionVersionArn", solution["name"])


def _batch_jobs(service: Service, versions: Mapping[str, list[dict[str, Any]]]) -> Iterator[Job]:
    own = {body["solutionVersionArn"] for bodies in versions.values() for body in bodies}
    for kind, operation, member in (
        ("Batch inference", "ListBatchInferenceJobs", "batchInferenceJobArn"),
        ("Batch segment", "ListBatchSegmentJobs", "batchSegmentJobArn"),
    ):
        for body in service.all(operation):
            if body["solutionVersionArn"] in own:
                _, solution, version = body["solutionVersionArn"].rsplit("/", 2)
                yield _job(service, kind, body, member, f"{solution} {version}")


def _job(service: Service, kind: str, body: Mapping[str, Any], arn_member: str, of: str) -> Job:
    arn, status = body[arn_member], body["status"]
    is_busy = statuses.tone(status) == "busy"
    percent, doing = progress_of(service.progress(arn)) if is_busy else (None, "")
    return Job(
        kind,
        body["jobName"],
        of,
        arn,
        status,
        body["creationDateTime"],
        body["lastUpdatedDateTime"],
        body.get("failureReason", ""),
        percent,
        doing,
    )


def progress_of(text: str) -> tuple[int | None, str]:
    """What a worker said, as percent and words: ` 40% epoch 3` -> (40, `epoch 3`)."""
    match = _PERCENT.fullmatch(text)
    return (min(100, int(match[1])), match[2]) if match else (None, text)
