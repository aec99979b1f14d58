"""S3's errors: a code of its API reference, a sentence, the status that goes with the code."""

from __future__ import annotations

from localpersonalize.aws.s3.xml import document

STATUS = {
    "AccessControlListNotSupported": 400,
    "AccessDenied": 403,
    "AuthorizationHeaderMalformed": 400,
    "AuthorizationQueryParametersError": 400,
    "BadDigest": 400,
    "BucketAlreadyOwnedByYou": 409,
    "BucketNotEmpty": 409,
    "EntityTooLarge": 400,
    "EntityTooSmall": 400,
    "IncompleteBody": 400,
    "InternalError": 500,
    "InvalidAccessKeyId": 403,
    "InvalidArgument": 400,
    "InvalidBucketName": 400,
    "InvalidDigest": 400,
    "InvalidPart": 400,
    "InvalidPartOrder": 400,
    "InvalidPolicyDocument": 400,
    "InvalidRange": 416,
    "InvalidRequest": 400,
    "InvalidStorageClass": 400,
    "InvalidTag": 400,
    "InvalidURI": 400,
    "KeyTooLongError": 400,
    "MalformedPOSTRequest": 400,
    "MalformedPolicy": 400,
    "MalformedXML": 400,
    "MaxMessageLengthExceeded": 400,
    "MetadataTooLarge": 400,
    "MethodNotAllowed": 405,
    "MissingContentLength": 411,
    "NoSuchBucket": 404,
    "NoSuchBucketPolicy": 404,
    "NoSuchKey": 404,
    "NoSuchTagSet": 404,
    "NoSuchUpload": 404,
    "NoSuchVersion": 404,
    "NotImplemented": 501,
    "NotModified": 304,
    "PreconditionFailed": 412,
    "RequestTimeTooSkewed": 403,
    "RequestTimeout": 400,
    "ServiceUnavailable": 503,
    "SignatureDoesNotMatch": 403,
    "XAmzContentChecksumMismatch": 400,
    "XAmzContentSHA256Mismatch": 400,
}


class S3Error(Exception):
    """An answer that is an error; `details` are more elements of its document."""

    def __init__(self, code: str, message: str, status: int | None = None, /, **details: str) -> None:
        super().__init__(message)
        self.code, self.message, self.details = code, message, details
        self.status = status or STATUS.get(code, 400)

    def content(self, resource: str, request_id: str) -> bytes:
        """The error as a document."""
        elements = {"Code": self.code, "Message": self.message, **self.details}
        return document("Error", {**elements, "Resource": resource, "RequestId": request_id}, namespace="")


class DisconnectedError(Exception):
    """The client is gone before its request was whole: there is nobody to answer."""


def no_such_bucket(bucket: str) -> S3Error:
    return S3Error("NoSuchBucket", "The specified bucket does not exist", BucketName=bucket)


def no_such_key(key: str) -> S3Error:
    return S3Error("NoSuchKey", "The specified key does not exist.", Key=key)


def no_such_upload(upload_id: str) -> S3Error:
    return S3Error(
        "NoSuchUpload",
        "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted"
        " or completed.",
        UploadId=upload_id,
    )


def not_implemented(what: str) -> S3Error:
    """A part of S3 that this one does not have."""
    return S3Error("NotImplemented", f"{what} is not implemented by localpersonalize's S3.")


def storage_full(error: OSError) -> S3Error:
    """What can't be written; what was there before stays as it was."""
    return S3Error(
        "ServiceUnavailable",
        f"The data directory can't be written: {error.strerror}. Free space on its disk and try again.",
    )
