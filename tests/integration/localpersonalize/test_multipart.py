"""Large objects, as exports write them: uploaded in parts, copied into a snapshot, read by an import."""

from __future__ import annotations

import io
import os

from boto3.s3.transfer import TransferConfig

from tests.support.localpersonalize.live import Live

PARTS = TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=5 << 20)


def test_an_object_uploaded_in_parts_and_its_copy_are_read_whole(live: Live) -> None:
    s3, content = live.client("s3"), os.urandom(12 << 20)
    s3.create_bucket(Bucket="in-parts")
    s3.upload_fileobj(io.BytesIO(content), "in-parts", "whole", Config=PARTS)
    s3.copy_object(Bucket="in-parts", Key="copy", CopySource={"Bucket": "in-parts", "Key": "whole"})
    for key in ("whole", "copy"):
        assert s3.get_object(Bucket="in-parts", Key=key)["Body"].read() == content
