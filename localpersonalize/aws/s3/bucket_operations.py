"""Operations of the account and of buckets, but for lists of objects."""

from __future__ import annotations

import json
from collections.abc import Mapping

from localpersonalize.aws.s3 import metadata
from localpersonalize.aws.s3.body import in_thread
from localpersonalize.aws.s3.buckets import Bucket
from localpersonalize.aws.s3.errors import S3Error, not_implemented
from localpersonalize.aws.s3.object_operations import read_document
from localpersonalize.aws.s3.requests import XML, Answer, Request, xml_answer
from localpersonalize.aws.s3.storage import Storage
from localpersonalize.aws.s3.xml import MalformedError, document, parse

MAX_POLICY_BYTES = 20 << 10
MAX_BUCKET_TAGS = 50

# What can be put on a bucket, is shown again, and changes nothing of what is served here: everything is private and
# on one disk. `GetBucket...` of what was never put ends with the code, or with the document.
KEPT_DOCUMENTS: Mapping[str, tuple[str, str]] = {
    "encryption": ("ServerSideEncryptionConfiguration", "ServerSideEncryptionConfigurationNotFoundError"),
    "ownershipControls": ("OwnershipControls", "OwnershipControlsNotFoundError"),
    "publicAccessBlock": ("PublicAccessBlockConfiguration", "NoSuchPublicAccessBlockConfiguration"),
    "tagging": ("Tagging", "NoSuchTagSet"),
}
# What would change what is served, and is not here: asked for, there is none; putting it is refused.
ABSENT: Mapping[str, str] = {
    "cors": "NoSuchCORSConfiguration",
    "lifecycle": "NoSuchLifecycleConfiguration",
    "object-lock": "ObjectLockConfigurationNotFoundError",
    "replication": "ReplicationConfigurationNotFoundError",
    "website": "NoSuchWebsiteConfiguration",
}
EMPTY: Mapping[str, str] = {
    "accelerate": "AccelerateConfiguration",
    "logging": "BucketLoggingStatus",
    "notification": "NotificationConfiguration",
    "versioning": "VersioningConfiguration",
}


async def list_buckets(storage: Storage, request: Request) -> Answer:
    prefix, size = request.query.get("prefix", ""), request.number("max-buckets", 10_000, 1, 10_000)
    after = request.query.get("continuation-token", "")
    buckets = [
        bucket for bucket in storage.buckets.all() if bucket.name.startswith(prefix) and bucket.name > after
    ]
    page = [
        {"Name": bucket.name, "CreationDate": _time(bucket.created), "BucketRegion": _region(storage, bucket)}
        for bucket in buckets[:size]
    ]
    more = buckets[size - 1].name if len(buckets) > size else None
    return xml_answer(
        "ListAllMyBucketsResult",
        {"Owner": storage.owner, "Buckets": {"Bucket": page}, "ContinuationToken": more},
    )


async def create_bucket(storage: Storage, request: Request) -> Answer:
    metadata.of_request(request.headers)
    if request.headers.get("x-amz-bucket-object-lock-enabled", "").lower() == "true":
        raise not_implemented("Object lock")
    body = await request.body.read()
    region = storage.account.region
    if body:
        try:
            named = parse(body).findtext("LocationConstraint") or "us-east-1"
        except MalformedError:
            raise S3Error("MalformedXML", "The XML you provided was not well-formed.") from None
        if named != region:
            raise S3Error(
                "IllegalLocationConstraintException",
                f"The {named} location constraint is incompatible for the region specific endpoint this request"
                f" was sent to. This account is in {region}.",
            )
    bucket = await in_thread(storage.buckets.create, request.bucket, region)
    return Answer(200, {"location": f"/{bucket.name}"})


async def head_bucket(storage: Storage, request: Request) -> Answer:
    bucket = storage.buckets.require(request.bucket)
    return Answer(200, {"x-amz-bucket-region": _region(storage, bucket), "content-type": XML})


async def delete_bucket(storage: Storage, request: Request) -> Answer:
    await in_thread(storage.delete_bucket, request.bucket)
    return Answer(204)


async def get_location(storage: Storage, request: Request) -> Answer:
    region = _region(storage, storage.buckets.require(request.bucket))
    return xml_answer("LocationConstraint", "" if region == "us-east-1" else region)


async def get_policy(storage: Storage, request: Request) -> Answer:
    policy = storage.buckets.require(request.bucket).documents.get("policy")
    if policy is None:
        raise S3Error("NoSuchBucketPolicy", "The bucket policy does not exist", BucketName=request.bucket)
    return Answer(200, {"content-type": "application/json"}, policy.encode())


async def put_policy(storage: Storage, request: Request) -> Answer:
    """
    :raises S3Error: MalformedPolicy, if it is not JSON with statements that have an effect.
    """
    storage.buckets.require(request.bucket)
    text = (await request.body.read(MAX_POLICY_BYTES)).decode("utf-8", "replace")
    try:
        policy = json.loads(text)
        statements = policy["Statement"]
        listed = statements if isinstance(statements, list) else [statements]
        if not listed or any(entry["Effect"] not in ("Allow", "Deny") for entry in listed):
            raise ValueError("Effect")
    except (ValueError, KeyError, TypeError, RecursionError):
        raise S3Error(
            "MalformedPolicy", "Policies must be valid JSON, with statements that allow or deny."
        ) from None
    await in_thread(storage.buckets.set, request.bucket, "policy", text)
    return Answer(204)


async def delete_policy(storage: Storage, request: Request) -> Answer:
    await in_thread(storage.buckets.set, request.bucket, "policy", None)
    return Answer(204)


async def get_document(storage: Storage, request: Request) -> Answer:
    """What was put on a bucket under a sub-resource, or that there is none."""
    bucket = storage.buckets.require(request.bucket)
    name = sub_resource(request)
    if name in EMPTY:
        return xml_answer(EMPTY[name], {})
    if name == "requestPayment":
        return xml_answer("RequestPaymentConfiguration", {"Payer": "BucketOwner"})
    if name in bucket.documents:
        return Answer(200, {"content-type": XML}, bucket.documents[name].encode())
    code = KEPT_DOCUMENTS[name][1] if name in KEPT_DOCUMENTS else ABSENT[name]
    raise S3Error(code, f"The bucket has no {name} configuration.", 404, BucketName=request.bucket)


async def put_document(storage: Storage, request: Request) -> Answer:
    storage.buckets.require(request.bucket)
    name = sub_resource(request)
    root = await read_document(request, KEPT_DOCUMENTS[name][0])
    if name == "tagging":
        text = document(
            "Tagging", metadata.tag_set(metadata.tags_of_document(root, MAX_BUCKET_TAGS))
        ).decode()
    else:
        from xml.etree import ElementTree

        text = ElementTree.tostring(root, "unicode")
    await in_thread(storage.buckets.set, request.bucket, name, text)
    return Answer(204 if name == "tagging" else 200)


async def delete_document(storage: Storage, request: Request) -> Answer:
    await in_thread(storage.buckets.set, request.bucket, sub_resource(request), None)
    return Answer(204)


async def delete_absent(storage: Storage, request: Request) -> Answer:
    """There was none."""
    storage.buckets.require(request.bucket)
    return Answer(204)


async def put_versioning(storage: Storage, request: Request) -> Answer:
    """
    :raises S3Error: NotImplemented: each object has one version here.
    """
    storage.buckets.require(request.bucket)
    await request.body.read()
    raise not_implemented("PutBucketVersioning")


def sub_resource(request: Request) -> str:
    """Which of the documents of a bucket a request names."""
    known = {*KEPT_DOCUMENTS, *ABSENT, *EMPTY, "requestPayment"}
    return next(name for name in request.query if name in known)


def _region(storage: Storage, bucket: Bucket) -> str:
    return bucket.region or storage.account.region


def _time(text: str) -> str:
    return text.replace("+00:00", ".000Z")
