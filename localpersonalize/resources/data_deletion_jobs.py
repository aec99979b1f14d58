"""Data deletion jobs: every record of the users that CSV files name, in all datasets of a group."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from localpersonalize.aws.role_access import AccessRefusedError
from localpersonalize.jobs.queue import WorkerFailedError, job
from localpersonalize.resources import lifecycle
from localpersonalize.resources.access import may_read, require_s3
from localpersonalize.resources.registry import operation

if TYPE_CHECKING:
    from localpersonalize.service import Service

# The states of these jobs have names of their own.
PENDING, IN_PROGRESS, COMPLETED, FAILED = "PENDING", "IN_PROGRESS", "COMPLETED", "FAILED"


@operation("CreateDataDeletionJob")
def create(service: Service, params: dict[str, Any]) -> Mapping[str, Any]:
    group = lifecycle.require_active(
        service.require(params["datasetGroupArn"], "DatasetGroup"), "The dataset group"
    )
    require_s3(params["dataSource"].get("dataLocation"), "data location")
    arn = service.arn("data-deletion-job", params["jobName"])
    body = {**params, "dataDeletionJobArn": arn, "status": PENDING}
    with service.store.transaction():
        if service.store.get(arn) is None:
            lifecycle.limit_pending(service, "DataDeletionJob")
        lifecycle.new(service, "DataDeletionJob", arn, body, params, parent=group["datasetGroupArn"])
        service.jobs.submit("delete users", arn)
    return {"dataDeletionJobArn": arn}


@job("delete users", minutes=60, heavy=True)
def delete_users_job(service: Service, arn: str, details: dict[str, Any]) -> None:
    found = lifecycle.begin(service, arn, IN_PROGRESS)
    if found is None:
        return
    datasets = [dataset["datasetArn"] for dataset in service.store.all("Dataset", found["datasetGroupArn"])]
    with service.jobs.exclusively(datasets):
        try:
            may_read(service, arn, found["roleArn"], found["dataSource"]["dataLocation"])
            done = service.jobs.work(arn, "delete users")
        except (WorkerFailedError, AccessRefusedError) as error:
            service.store.change(arn, status=FAILED, failureReason=str(error))
            return
        details["_wait"]()
        with service.store.transaction():
            for dataset_arn, versions in done["versions"].items():
                service.store.change(dataset_arn, _versions=versions)
            streamed = service.store.forget_users(datasets, done["users"])
            service.store.change(arn, status=COMPLETED, numDeleted=done["rows"] + streamed)
        for dataset_arn, versions in done["versions"].items():
            service.tables.drop_versions(dataset_arn, versions)
    service.runtime.data_changed(found["datasetGroupArn"])
