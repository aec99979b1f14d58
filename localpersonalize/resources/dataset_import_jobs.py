"""Dataset import jobs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from localpersonalize.aws.role_access import AccessRefusedError
from localpersonalize.jobs.queue import WorkerFailedError, job
from localpersonalize.protocol.errors import InvalidInputError
from localpersonalize.resources import lifecycle
from localpersonalize.resources.access import may_read, require_s3
from localpersonalize.resources.attribution_reports import events_imported
from localpersonalize.resources.registry import operation

if TYPE_CHECKING:
    from localpersonalize.service import Service


@operation("CreateDatasetImportJob")
def create(service: Service, params: dict[str, Any]) -> Mapping[str, Any]:
    dataset = lifecycle.require_active(service.require(params["datasetArn"], "Dataset"), "The dataset")
    require_s3(params["dataSource"].get("dataLocation"), "data location")
    if not params.get("roleArn"):
        raise InvalidInputError("roleArn is required: the role that lets Amazon Personalize read the data.")
    arn = service.arn("dataset-import-job", params["jobName"])
    body = {"importMode": "FULL", **params, "datasetImportJobArn": arn, "status": lifecycle.PENDING}
    with service.store.transaction():
        if service.store.get(arn) is None:
            lifecycle.limit_pending(service, "DatasetImportJob")
        lifecycle.new(service, "DatasetImportJob", arn, body, params, parent=dataset["datasetArn"])
        service.jobs.submit("import", arn)
    return {"datasetImportJobArn": arn}


@job("import", minutes=13, heavy=True)
def import_job(service: Service, arn: str, details: dict[str, Any]) -> None:
    import_job = lifecycle.begin(service, arn)
    if import_job is None:
        return
    dataset_arn = import_job["datasetArn"]
    with service.jobs.exclusively([dataset_arn]):  # an import builds on what the one before it left
        try:
            may_read(service, arn, import_job["roleArn"], import_job["dataSource"]["dataLocation"])
            done = service.jobs.work(arn, "import")
        except (WorkerFailedError, AccessRefusedError) as error:
            service.store.change(arn, status=lifecycle.FAILED, failureReason=str(error))
            return
        details["_wait"]()
        before = (service.store.get(dataset_arn) or {}).get("_versions", [])
        with service.store.transaction():
            service.store.change(dataset_arn, _versions=done["versions"])
            service.store.change(arn, status=lifecycle.ACTIVE, _rows=done["rows"])
        # What a training may be reading just now stays until the next import.
        service.tables.drop_versions(dataset_arn, [*before, *done["versions"]])
    dataset = service.store.get(dataset_arn)
    if dataset:
        service.runtime.data_changed(dataset["datasetGroupArn"])
        if dataset["datasetType"] == "INTERACTIONS":
            events_imported(service, dataset["datasetGroupArn"], import_job)
