"""Removing what retention says, after saying what it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields
from botocore.exceptions import ClientError

from airflow_personalize.exceptions import PersonalizeError
from airflow_personalize.export import manifest as manifests
from airflow_personalize.export.manifest import DatasetLocation
from airflow_personalize.operators.base import PersonalizeBaseOperator, fail
from airflow_personalize.pagination import list_all, list_objects
from airflow_personalize.waiter import Wait
from encore import retention
from encore.config.models import DatasetGroup
from encore.retention import Removal, Resource, Stored, Upload

if TYPE_CHECKING:
    from airflow.sdk import Context

AT_ONCE = 1000
RUNNING = ("CREATE PENDING", "CREATE IN_PROGRESS")


class PersonalizeCleanUpOperator(PersonalizeBaseOperator):
    """
    Remove old objects of a dataset group from S3, unused schemas, and, when told, what the file no longer names.

    :param group: the dataset group, as its section of the pipeline file
    :param dry_run: only say what would be removed (templated)
    :param remove_unlisted: also campaigns and solutions that the file no longer names (templated)
    :return: what was removed, counted by reason
    """

    template_fields: Sequence[str] = aws_template_fields("dry_run", "remove_unlisted")

    def __init__(
        self, *, group: Mapping[str, Any], dry_run: bool | str = False, remove_unlisted: bool | str = False,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(**kwargs)
        self.group, self.dry_run, self.remove_unlisted = group, dry_run, remove_unlisted

    def execute(self, context: Context) -> dict[str, Any]:
        group, only_say = DatasetGroup.model_validate(self.group), str(self.dry_run) == "True"
        kept = group.retention
        if str(self.remove_unlisted) == "True":
            kept = kept.model_copy(update={"remove_unlisted": True})
        arn = self._group_arn(group.name)
        objects = self._objects(group, kept, arn)
        uploads = self._uploads(group, kept)
        unfinished = [Removal(upload.key, "an upload that was never finished") for upload in uploads]
        resources = self._resources(group, kept, arn) if arn else []
        schemas = self._schemas(group, kept)
        for each in (*objects, *unfinished, *resources, *schemas):
            self.log.info("%s %s: %s", "Would remove" if only_say else "Removing", each.what, each.why)
        if not only_say:
            _delete_objects(self.s3, group, objects)
            _abort_uploads(self.s3, group, uploads)
            for each in resources:
                self._delete_resource(each.what)
            for each in schemas:
                self.non_retrying_client.delete_schema(schemaArn=each.what)
        return retention.summary([*objects, *unfinished, *resources, *schemas])

    def _group_arn(self, name: str) -> str | None:
        return next((g["datasetGroupArn"] for g in self._list("dataset_groups") if g["name"] == name), None)

    def _objects(self, group: DatasetGroup, kept: Any, arn: str | None) -> list[Removal]:
        base = f"{group.prefix}/"
        stored = [
            Stored(entry["Key"].removeprefix(base), entry["Size"], entry["LastModified"])
            for entry in list_objects(self.s3, group.bucket, base)
        ]
        folders = {"/".join(each.key.split("/")[:2]) for each in stored if each.key.count("/") >= 2}
        attempts = {}
        for folder in folders:
            kind, _, directory = folder.partition("/")
            if kind in group.datasets:
                found = manifests.read(self.s3, DatasetLocation(group.bucket, group.prefix, kind), directory)
                if found is not None:
                    attempts[folder] = found.attempt
        reading = [] if arn is None else self._being_read(arn, f"s3://{group.bucket}/{base}")
        return retention.objects_to_remove(kept, stored, attempts, datetime.now(UTC), reading)

    def _uploads(self, group: DatasetGroup, kept: Any) -> list[Upload]:
        base = f"{group.prefix}/"
        begun = [
            Upload(entry["Key"].removeprefix(base), entry["UploadId"], entry["Initiated"])
            for entry in list_all(self.s3, "list_multipart_uploads", Bucket=group.bucket, Prefix=base)
        ]
        return retention.uploads_to_abort(kept, begun, datetime.now(UTC))

    def _being_read(self, group_arn: str, base: str) -> list[str]:
        """Places that imports and batch jobs still read or write, below the group's prefix."""
        found = []
        for dataset in self._list("datasets", datasetGroupArn=group_arn):
            for job in self._running("dataset_import_job", datasetArn=dataset["datasetArn"]):
                found.append(job["dataSource"]["dataLocation"])
        for kind in ("batch_inference_job", "batch_segment_job"):
            for job in self._running(kind):
                found.append(job["jobInput"]["s3DataSource"]["path"])
                found.append(job["jobOutput"]["s3DataDestination"]["path"])
        return [place.removeprefix(base) for place in found]

    def _running(self, kind: str, **arguments: str) -> Iterator[Mapping[str, Any]]:
        """What the service says of the jobs of a kind that have not ended."""
        first, *others = kind.split("_")
        argument = "".join((first, *(each.capitalize() for each in others), "Arn"))
        for job in self._list(f"{kind}s", **arguments):
            if job["status"] in RUNNING and (there := self.describe(kind, **{argument: job[argument]})):
                yield there

    def _resources(self, group: DatasetGroup, kept: Any, arn: str) -> list[Removal]:
        if not kept.remove_unlisted:
            return []
        solutions, campaigns = [], []
        for solution in self._list("solutions", datasetGroupArn=arn):
            solutions.append(
                Resource(solution["solutionArn"], solution["name"], self._tags(solution["solutionArn"]))
            )
            for each in self._list("campaigns", solutionArn=solution["solutionArn"]):
                campaigns.append(
                    Resource(
                        each["campaignArn"],
                        each["name"],
                        self._tags(each["campaignArn"]),
                        solution["solutionArn"],
                    )
                )
        names = {solution.name for solution in group.solutions} | {
            job.solution_name for job in group.batch_jobs
        }
        served = {solution.campaign_name for solution in group.solutions}
        return retention.resources_to_remove(kept, group.name, solutions, campaigns, names, served)

    def _schemas(self, group: DatasetGroup, kept: Any) -> list[Removal]:
        used = {
            there["schemaArn"]
            for dataset in self._list("datasets")
            if (there := self.describe("dataset", datasetArn=dataset["datasetArn"]))
        }
        schemas = {schema["schemaArn"]: schema["name"] for schema in self._list("schemas")}
        return retention.schemas_to_remove(
            kept, schemas, used, {f"{group.name}-{kind}" for kind in group.datasets}
        )

    def _delete_resource(self, arn: str) -> None:
        kind = arn.split(":")[-1].split("/")[0]
        argument = f"{kind}Arn"
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
        return self.client.list_tags_for_resource(resourceArn=arn).get("tags", [])

    def _list(self, plural: str, **arguments: str) -> Iterator[Mapping[str, Any]]:
        return list_all(self.client, f"list_{plural}", **arguments)


def _abort_uploads(s3: Any, group: DatasetGroup, uploads: Sequence[Upload]) -> None:
    for upload in uploads:
        s3.abort_multipart_upload(Bucket=group.bucket, Key=f"{group.prefix}/{upload.key}", UploadId=upload.id)


def _delete_objects(s3: Any, group: DatasetGroup, objects: Sequence[Removal]) -> None:
    keys = [{"Key": f"{group.prefix}/{each.what}"} for each in objects]
    for start in range(0, len(keys), AT_ONCE):
        answer = s3.delete_objects(
            Bucket=group.bucket, Delete={"Objects": keys[start : start + AT_ONCE], "Quiet": True}
        )
        if errors := answer.get("Errors"):
            raise RuntimeError(
                f"s3://{group.bucket}/{errors[0]['Key']} can't be removed: {errors[0]['Message']}"
            )
