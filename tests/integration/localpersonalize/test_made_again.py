"""What is deleted goes through the states of a deletion, and what is made again under its name begins anew."""

from __future__ import annotations

import time
from functools import partial

from tests.support.localpersonalize import shop as data
from tests.support.localpersonalize.calls import own_group
from tests.support.localpersonalize.live import BUCKET, code
from tests.support.localpersonalize.shop import Shop


def test_a_clean_up_that_describes_what_it_deleted_ends(shop: Shop) -> None:
    """Source: the clean-up notebooks of AWS's samples: they stop at the first description of a group that is being
    deleted, and go on for half an hour if there is none."""
    client, group = shop.live.personalize, own_group(shop, "to-clean-up")
    client.delete_dataset_group(datasetGroupArn=group)
    status = client.describe_dataset_group(datasetGroupArn=group)["datasetGroup"]["status"]
    assert status in ("DELETE PENDING", "DELETE IN_PROGRESS")
    states = {status}
    describe = partial(client.describe_dataset_group, datasetGroupArn=group)
    while (error := code(lambda: states.add(describe()["datasetGroup"]["status"]))) == "":
        time.sleep(0.01)
    assert error == "ResourceNotFoundException"
    assert states <= {"DELETE PENDING", "DELETE IN_PROGRESS"}
    assert "DELETE IN_PROGRESS" in states


def test_a_dataset_made_again_under_its_name_has_no_imports(shop: Shop) -> None:
    live, group = shop.live, own_group(shop, "again")

    def make() -> str:
        shop["dataset again Users"] = live.make(
            "Dataset",
            name="users",
            datasetType="Users",
            datasetGroupArn=group,
            schemaArn=shop["schema Users"],
        )
        return shop["dataset again Users"]

    def imports() -> int:
        jobs = live.personalize.list_dataset_import_jobs(datasetArn=shop["dataset again Users"])
        return len(jobs["datasetImportJobs"])

    first = make()
    shop.import_csv("again Users", "again-users", data.users())
    assert imports() == 1
    live.personalize.delete_dataset(datasetArn=first)
    live.gone("Dataset", first)
    assert make() == first
    assert imports() == 0
    shop.import_csv("again Users", "again-users", data.users(7))  # the name of the first one's
    assert imports() == 1
    target = {"s3DataDestination": {"path": f"s3://{BUCKET}/again/"}}
    live.make(
        "DatasetExportJob",
        jobName="again-export",
        datasetArn=first,
        ingestionMode="ALL",
        roleArn=shop.role,
        jobOutput=target,
    )
    (file,) = live.s3.list_objects_v2(Bucket=BUCKET, Prefix="again/")["Contents"]
    exported = live.s3.get_object(Bucket=BUCKET, Key=file["Key"])["Body"].read()
    assert len(exported.splitlines()) == 1 + 7
