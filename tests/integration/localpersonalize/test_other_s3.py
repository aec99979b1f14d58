"""`--s3-endpoint`: data come from, and go to, an S3 of the user's own."""

from __future__ import annotations

from pathlib import Path

from tests.support.localpersonalize.live import BUCKET, Live, code
from tests.support.localpersonalize.shop import SCHEMAS, Shop, users


def test_imports_and_exports_use_the_other_s3(tmp_path: Path) -> None:
    other = Live(tmp_path / "other").start()
    live = Live(tmp_path / "data", "--s3-endpoint", other.endpoint).start()
    try:
        shop = Shop(live, role=live.prepare())
        other.prepare()
        group = live.make("DatasetGroup", name="g")
        made = live.personalize.create_schema(name="users", schema=SCHEMAS["Users"])
        dataset = live.make(
            "Dataset", name="users", datasetType="Users", datasetGroupArn=group, schemaArn=made["schemaArn"]
        )
        location = other.upload("in/users.csv", users())
        live.make(
            "DatasetImportJob",
            jobName="in",
            datasetArn=dataset,
            roleArn=shop.role,
            dataSource={"dataLocation": location},
        )
        live.make(
            "DatasetExportJob",
            jobName="out",
            datasetArn=dataset,
            roleArn=shop.role,
            ingestionMode="BULK",
            jobOutput={"s3DataDestination": {"path": f"s3://{BUCKET}/out"}},
        )
        text = other.s3.get_object(Bucket=BUCKET, Key="out/out/users.csv")["Body"].read().decode()
        assert len(text.splitlines()) == len(users().splitlines())
        assert code(lambda: live.s3.head_object(Bucket=BUCKET, Key="out/out/users.csv")) == "404"
    finally:
        live.stop()
        other.stop()
