"""Dataset export jobs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from localpersonalize.aws.role_access import AccessRefusedError
from localpersonalize.jobs.queue import WorkerFailedError, job
from localpersonalize.resources import lifecycle
from localpersonalize.resources.access import may_write, require_s3
from localpersonalize.resources.registry import operation

if TYPE_CHECKING:
    from localpersonalize.service import Service


@operation("CreateDatasetExportJob")
def create(service: Service, params: dict[str, Any]) -> Mapping[str, Any]:
    dataset = lifecycle.require_active(service.require(params["datasetArn"], "Dataset"), "The dataset")
    require_s3(params["jobOutput"]["s3DataDestination"]["path"], "data destination")
    arn = service.arn("dataset-export-job", params["jobName"])
    body = {"ingestionMode": "PUT", **params, "datasetExportJobArn": arn, "status": lifecycle.PENDING}
    with service.store.transaction():
        if service.store.get(arn) is None:
            lifecycle.limit_pending(service, "DatasetExportJob")
        lifecycle.new(service, "DatasetExportJob", arn, body, params, parent=dataset["datasetArn"])
        service.jobs.submit("export", arn)
    return {"datasetExportJobArn": arn}


@job("export", minutes=10, heavy=True)
def export_job(service: Service, arn: str, details: dict[str, Any]) -> None:
    found = lifecycle.begin(service, arn)
    if found is None:
        return
    try:
        may_write(service, arn, found["roleArn"], found["jobOutput"]["s3DataDestination"]["path"])
        done = service.jobs.work(arn, "export")
    except (WorkerFailedError, AccessRefusedError) as error:
        service.store.change(arn, status=lifecycle.FAILED, failureReason=str(error))
        return
    details["_wait"]()
    service.store.change(arn, status=lifecycle.ACTIVE, _done=done)
