"""Dataset import jobs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from localpersonalize.jobs import WorkerFailed, job
from localpersonalize.protocol.errors import InvalidInput
from localpersonalize.resources import kinds
from localpersonalize.resources.registry import operation

if TYPE_CHECKING:
    from localpersonalize.service import Service

MOST_AT_ONCE = 5


@operation("CreateDatasetImportJob")
def create(service: Service, params: dict[str, Any]) -> Mapping[str, Any]:
    dataset = kinds.require_active(service.require(params["datasetArn"], "Dataset"), "The dataset")
    location = params["dataSource"].get("dataLocation", "")
    if not location.startswith("s3://"):
        raise InvalidInput("The data location must be an Amazon S3 path, like s3://bucket/folder/.")
    arn = service.arn("dataset-import-job", params["jobName"])
    body = {"importMode": "FULL", **params, "datasetImportJobArn": arn, "status": kinds.PENDING}
    with service.store.transaction():
        if service.store.get(arn) is None:
            kinds.limit_pending(service, "DatasetImportJob", MOST_AT_ONCE)
        kinds.new(service, "DatasetImportJob", arn, body, params, parent=dataset["datasetArn"])
        service.jobs.submit("import", arn)
    return {"datasetImportJobArn": arn}


@job("import", minutes=13, heavy=True)
def import_job(service: Service, arn: str, details: dict[str, Any]) -> None:
    import_job = service.store.change(arn, status=kinds.IN_PROGRESS)
    if import_job is None:
        return
    dataset_arn = import_job["datasetArn"]
    try:
        check_access(service, import_job)
        done = service.jobs.work(arn, "import")
    except (WorkerFailed, PermissionError) as error:
        service.store.change(arn, status=kinds.FAILED, failureReason=str(error))
        return
    details["_wait"]()
    with service.store.transaction():
        service.store.change(dataset_arn, _versions=done["versions"])
        service.store.change(arn, status=kinds.ACTIVE, _rows=done["rows"])
    dataset = service.store.get(dataset_arn)
    if dataset:
        service.runtime.data_changed(dataset["datasetGroupArn"])


def check_access(service: Service, import_job: Mapping[str, Any]) -> None:
    """
    :raises PermissionError: if Personalize may not take the role, or the role may not read the data.
    """
