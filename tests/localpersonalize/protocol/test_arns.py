"""Names of kinds, and ARNs."""

from __future__ import annotations

from localpersonalize.protocol.arns import AwsAccount, member_name, resource_type


def test_kinds_as_members_and_in_arns() -> None:
    assert member_name("DatasetImportJob") == "datasetImportJob"
    assert resource_type("DatasetImportJob") == "dataset-import-job"
    assert resource_type("Schema") == "schema"


def test_an_arn_has_region_account_kind_and_names() -> None:
    account = AwsAccount("eu-west-1", "210987654321")
    expected = "arn:aws:personalize:eu-west-1:210987654321:dataset/shop/ITEMS"
    assert account.arn("Dataset", "shop", "ITEMS") == expected
