"""Removing what retention says, after saying what it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields
from botocore.exceptions import ClientError

from airflow_personalize.arns import arn_member, kind_of
from airflow_personalize.exceptions import PersonalizeError
from airflow_personalize.export import manifest as manifests
from airflow_personalize.export.manifest import DatasetLocation
from airflow_personalize.operators.base import fail, reentrant
from airflow_personalize.pagination import list_all, list_objects
from airflow_personalize.waiter import Wait
from encore import retention
from encore.config.models import DatasetGroup
from encore.config.policies import Retention
from encore.operators.base import DatasetGroupOperator
from encore.retention import Removal, Resource, Schema, Stored, Upload
from encore.task_inputs import require_inputs

if TYPE_CHECKING:
    from airflow.sdk import Context

DELETED_AT_ONCE = 1000
RUN_PAUSE = 60.0
RUNNING = ("CREATE PENDING", "CREATE IN_PROGRESS")


class PersonalizeCleanUpOperator(DatasetGroupOperator):
    """
    Remove old objects of a dataset group, unused schemas, and, with `remove_unlisted`, what the file no longer names.

    :param group: the dataset group, as its section of the pipeline file
    :param preview: only say what would be removed (templated)
    :param remove_unlisted: also campaigns and solutions that the file no longer names (templated)
    :param not_beside: ids of DAGs; while one of them has a run, the clean-up waits, unless it is a preview
    :return: what was removed, counted by reason
    """

    template_fields: Sequence[str] = aws_template_fields("preview", "remove_unlisted")

    def __init__(
        self,
        *,
        preview: bool = False,
        remove_unlisted: bool = False,
        not_beside: Sequence[str] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.preview, self.remove_unlisted, self.not_beside = preview, remove_unlisted, not_beside

    @reentrant
    def execute(self, context: Context, event: dict[str, Any] | None = None) -> dict[str, Any]:
        require_inputs(self.task_id, preview=self.preview, remove_unlisted=self.remove_unlisted)
        if not self.preview:
            self._wait_for_runs(context, event)
        group = self.settings
        policy = group.retention
        if self.remove_unlisted:
            policy = policy.model_copy(update={"remove_unlisted": True})
        arn = self._group_arn(group.name)
        objects = self._objects(group, policy, arn)
        uploads = self._uploads(group, policy)
        unfinished = [Removal(upload.key, "an upload that was never finished") for upload in uploads]
        resources = self._resources(group, policy, arn) if arn else []
        schemas = self._schemas(group, policy)
        removals = [*objects, *unfinished, *resources, *schemas]
        for removal in removals:
            self.log.info(
                "%s %s: %s", "Would remove" if self.preview else "Removing", removal.what, removal.why
            )
        if not self.preview:
            _delete_objects(self.s3, group, objects)
            _abort_uploads(self.s3, group, uploads)
            for resource in resources:
                self._delete_resource(resource.what)
            for schema in schemas:
                self.non_retrying_client.delete_schema(schemaArn=schema.what)
        return retention.summary(removals)

    def _wait_for_runs(self, context: Context, event: dict[str, Any] | None) -> None:
        """What a run has made and not yet used would look unused."""
        running = [
            dag_id for dag_id in self.not_beside if context["ti"].get_dr_count(dag_id, states=["running"])
        ]
        if running:
            number = int((event or {}).get("waited", 0)) + 1
            if number == 1:
                self.log.info("Waiting for the end of the running %s", " and ".join(running))
            self.reschedule(context, number, RUN_PAUSE)

    def _group_arn(self, name: str) -> str | None:
        return next(
            (group["datasetGroupArn"] for group in self._list("dataset_groups") if group["name"] == name),
            None,
        )

    def _objects(self, group: DatasetGroup, policy: Retention, arn: str | None) -> list[Removal]:
        base = f"{group.prefix}/"
        stored = [
            Stored(entry["Key"].removeprefix(base), entry["Size"], entry["LastModified"])
            for entry in list_objects(self.s3, group.bucket, base)
        ]
        folders = {"/".join(entry.key.split("/")[:2]) for entry in stored if entry.key.count("/") >= 2}
        attempts = {}
        for folder in folders:
            dataset, _, directory = folder.partition("/")
            if dataset in group.datasets:
                location = DatasetLocation(group.bucket, group.prefix, dataset)
                manifest = manifests.read(self.s3, location, directory)
                if manifest is not None:
                    attempts[folder] = manifest.attempt
        being_read = [] if arn is None else self._being_read(arn, f"s3://{group.bucket}/{base}")
        return retention.objects_to_remove(policy, stored, attempts, datetime.now(UTC), being_read)

    def _uploads(self, group: DatasetGroup, policy: Retention) -> list[Upload]:
        base = f"{group.prefix}/"
        begun = [
            Upload(entry["Key"].removeprefix(base), entry["UploadId"], entry["Initiated"])
            for entry in list_all(self.s3, "list_multipart_uploads", Bucket=group.bucket, Prefix=base)
        ]
        return retention.uploads_to_abort(policy, begun, datetime.now(UTC))

    def _being_read(self, group_arn: str, base: str) -> list[str]:
        """Places that imports and batch jobs still read or write, below the group's prefix."""
        locations = []
        for dataset in self._list("datasets", datasetGroupArn=group_arn):
            for job in self._running("dataset_import_job", datasetArn=dataset["datasetArn"]):
                locations.append(job["dataSource"]["dataLocation"])
        for kind in ("batch_inference_job", "batch_segment_job"):
            for job in self._running(kind):
                locations.append(job["jobInput"]["s3DataSource"]["path"])
                locations.append(job["jobOutput"]["s3DataDestination"]["path"])
        return [location.removeprefix(base) for location in locations]

    def _running(self, kind: str, **arguments: str) -> Iterator[Mapping[str, Any]]:
        """What the service says of the jobs of a kind that have not ended."""
        argument = arn_member(kind)
        for job in self._list(f"{kind}s", **arguments):
            if job["status"] in RUNNING and (description := self.describe(kind, **{argument: job[argument]})):
                yield description

    def _resources(self, group: DatasetGroup, policy: Retention, arn: str) -> list[Removal]:
        if not policy.remove_unlisted:
            return []
        solutions, campaigns = [], []
        for solution in self._list("solutions", datasetGroupArn=arn):
            solutions.append(
                Resource(solution["solutionArn"], solution["name"], self._tags(solution["solutionArn"]))
            )
            for campaign in self._list("campaigns", solutionArn=solution["solutionArn"]):
                campaigns.append(
                    Resource(
                        campaign["campaignArn"],
                        campaign["name"],
                        self._tags(campaign["campaignArn"]),
                        solution["solutionArn"],
                    )
                )
        names = {solution.name for solution in group.solutions} | {
            job.solution_name for job in group.batch_jobs
        }
        served = {solution.campaign_name for solution in group.solutions}
        return retention.resources_to_remove(policy, group.name, solutions, campaigns, names, served)

    def _schemas(self, group: DatasetGroup, policy: Retention) -> list[Removal]:
        used = {
            description["schemaArn"]
            for dataset in self._list("datasets")
            if (description := self.describe("dataset", datasetArn=dataset["datasetArn"]))
        }
        schemas = [
            Schema(schema["schemaArn"], schema["name"], schema["creationDateTime"])
            for schema in self._list("schemas")
        ]
        names = {f"{group.name}-{kind}" for kind in group.datasets}
        return retention.schemas_to_remove(policy, schemas, used, names, datetime.now(UTC))

    def _delete_resource(self, arn: str) -> None:
        kind = kind_of(arn)
        argument = arn_member(kind)
        try:
            getattr(self.non_retrying_client, f"delete_{kind}")(**{argument: arn})
            Wait(f"{kind}_deleted", {argument: arn}, self.waiter_delay, self.waiter_max_attempts).wait(
                self.client, self.log
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
        except PersonalizeError as error:
            fail(error)

    def _tags(self, arn: str) -> list[dict[str, str]]:
        tags: list[dict[str, str]] = self.client.list_tags_for_resource(resourceArn=arn).get("tags", [])
        return tags

    def _list(self, plural: str, **arguments: str) -> Iterator[Mapping[str, Any]]:
        return list_all(self.client, f"list_{plural}", **arguments)


def _abort_uploads(s3: Any, group: DatasetGroup, uploads: Sequence[Upload]) -> None:
    for upload in uploads:
        s3.abort_multipart_upload(Bucket=group.bucket, Key=f"{group.prefix}/{upload.key}", UploadId=upload.id)


def _delete_objects(s3: Any, group: DatasetGroup, objects: Sequence[Removal]) -> None:
    keys = [{"Key": f"{group.prefix}/{removal.what}"} for removal in objects]
    for start in range(0, len(keys), DELETED_AT_ONCE):
        answer = s3.delete_objects(
            Bucket=group.bucket, Delete={"Objects": keys[start : start + DELETED_AT_ONCE], "Quiet": True}
        )
        if errors := answer.get("Errors"):
            raise RuntimeError(
                f"s3://{group.bucket}/{errors[0]['Key']} can't be removed: {errors[0]['Message']}"
            )
