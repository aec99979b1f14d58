"""Which operation a request asks for: by its method, by whether it names a bucket and a key, and by its query."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import cache

from localpersonalize.aws.s3 import bucket_operations as buckets
from localpersonalize.aws.s3 import copying, listings
from localpersonalize.aws.s3 import multipart_operations as multipart
from localpersonalize.aws.s3 import object_operations as objects
from localpersonalize.aws.s3.errors import S3Error, not_implemented
from localpersonalize.aws.s3.requests import Answer, Request
from localpersonalize.aws.s3.storage import Storage

Handler = Callable[[Storage, Request], Awaitable[Answer]]

ACCOUNT: dict[tuple[str, str], Handler] = {("GET", ""): buckets.list_buckets}
BUCKET: dict[tuple[str, str], Handler] = {
    ("PUT", ""): buckets.create_bucket,
    ("HEAD", ""): buckets.head_bucket,
    ("DELETE", ""): buckets.delete_bucket,
    ("GET", ""): listings.list_objects,
    ("GET", "list-type"): listings.list_objects_v2,
    ("GET", "versions"): listings.list_object_versions,
    ("GET", "uploads"): multipart.list_multipart_uploads,
    ("POST", "delete"): objects.delete_objects,
    ("GET", "location"): buckets.get_location,
    ("GET", "policy"): buckets.get_policy,
    ("PUT", "policy"): buckets.put_policy,
    ("DELETE", "policy"): buckets.delete_policy,
    ("GET", "acl"): objects.get_acl,
    ("PUT", "acl"): objects.put_acl,
    ("PUT", "versioning"): buckets.put_versioning,
    **{
        ("GET", name): buckets.get_document
        for name in (*buckets.KEPT_DOCUMENTS, *buckets.ABSENT, *buckets.EMPTY)
    },
    ("GET", "requestPayment"): buckets.get_document,
    **{("PUT", name): buckets.put_document for name in buckets.KEPT_DOCUMENTS},
    **{("DELETE", name): buckets.delete_document for name in buckets.KEPT_DOCUMENTS},
    **{("DELETE", name): buckets.delete_absent for name in buckets.ABSENT},
}
OBJECT: dict[tuple[str, str], Handler] = {
    ("GET", ""): objects.get_object,
    ("HEAD", ""): objects.get_object,
    ("PUT", ""): objects.put_object,
    ("PUT", "x-amz-copy-source"): copying.copy_object,
    ("DELETE", ""): objects.delete_object,
    ("GET", "tagging"): objects.get_tagging,
    ("PUT", "tagging"): objects.put_tagging,
    ("DELETE", "tagging"): objects.delete_tagging,
    ("GET", "acl"): objects.get_acl,
    ("PUT", "acl"): objects.put_acl,
    ("GET", "attributes"): objects.get_attributes,
    ("POST", "uploads"): multipart.create_multipart_upload,
    ("PUT", "uploadId"): multipart.upload_part,
    ("PUT", "uploadId x-amz-copy-source"): multipart.upload_part_copy,
    ("POST", "uploadId"): multipart.complete_multipart_upload,
    ("DELETE", "uploadId"): multipart.abort_multipart_upload,
    ("GET", "uploadId"): multipart.list_parts,
}
# Parts of a query that choose an operation of S3, whether there is one here or not.
SUB_RESOURCES = frozenset(
    (
        "accelerate",
        "acl",
        "analytics",
        "annotation",
        "attributes",
        "cors",
        "delete",
        "encryption",
        "intelligent-tiering",
        "inventory",
        "legal-hold",
        "lifecycle",
        "list-type",
        "location",
        "logging",
        "metadataConfiguration",
        "metadataTable",
        "metrics",
        "notification",
        "object-lock",
        "ownershipControls",
        "policy",
        "policyStatus",
        "publicAccessBlock",
        "renameObject",
        "replication",
        "requestPayment",
        "restore",
        "retention",
        "select",
        "session",
        "tagging",
        "torrent",
        "uploadId",
        "uploads",
        "versioning",
        "versions",
        "website",
        "abac",
    )
)


def find(request: Request) -> Handler:
    """
    :raises S3Error: NotImplemented, by the name of the operation; MethodNotAllowed, if S3 has none such.
    """
    sub_resources = sorted(name for name in request.query if name in SUB_RESOURCES)
    if "x-amz-copy-source" in request.headers and request.method == "PUT" and request.key:
        sub_resources.append("x-amz-copy-source")
    level = OBJECT if request.key else BUCKET if request.bucket else ACCOUNT
    handler = level.get((request.method, " ".join(sub_resources)))
    if handler is not None:
        return handler
    name = _names().get((request.method, bool(request.bucket), bool(request.key), *sub_resources[:1]))
    if name is None:
        raise S3Error("MethodNotAllowed", "The specified method is not allowed against this resource.")
    raise not_implemented(name)


@cache
def _names() -> dict[tuple[str | bool, ...], str]:
    """Operations of S3 by what asks for them, from the SDK's model of the service; only needed to refuse some."""
    from botocore.loaders import Loader

    names: dict[tuple[str | bool, ...], str] = {}
    for name, operation in Loader().load_service_model("s3", "service-2")["operations"].items():
        path, _, query = operation["http"]["requestUri"].partition("?")
        fields = [part.partition("=")[0] for part in query.split("&")]
        sub_resources = [field for field in fields if field in SUB_RESOURCES][:1]
        names.setdefault(
            (operation["http"]["method"], "{Bucket}" in path, "{Key" in path, *sub_resources), name
        )
    return names
