"""What AWS's clients are made of is read once in a process, whoever makes them, and from where the user says."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import botocore
import pytest
from botocore.loaders import JSONFileLoader

from airflow_personalize.hooks import PersonalizeEventsHook, PersonalizeHook, PersonalizeRuntimeHook
from airflow_personalize.s3 import s3_client
from tests.support.operator_runs import connection

CLIENTS = {
    "personalize": lambda: PersonalizeHook().conn,
    "personalize-runtime": lambda: PersonalizeRuntimeHook().conn,
    "personalize-events": lambda: PersonalizeEventsHook().conn,
    "s3": lambda: s3_client("aws_default"),
    "iam": lambda: PersonalizeHook().get_session().client("iam"),
}


@pytest.fixture(autouse=True)
def account(monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", connection("http://127.0.0.1:9"))


@pytest.mark.parametrize("service", CLIENTS)
def test_a_second_client_of_a_service_reads_no_description(service, monkeypatch):
    CLIENTS[service]()
    files = []
    read = JSONFileLoader.load_file
    monkeypatch.setattr(
        JSONFileLoader, "load_file", lambda self, path: files.append(path) or read(self, path)
    )
    assert CLIENTS[service]().meta.service_model.service_name == service
    assert files == []


def test_descriptions_of_one_s_own_are_used(tmp_path, monkeypatch):
    theirs = next((Path(botocore.__file__).parent / "data" / "personalize").glob("*/service-2.json.gz"))
    description = json.loads(gzip.decompress(theirs.read_bytes()))
    description["metadata"]["serviceFullName"] = "Our Personalize"
    ours = tmp_path / "personalize" / theirs.parent.name / "service-2.json"
    ours.parent.mkdir(parents=True)
    ours.write_text(json.dumps(description))
    before = CLIENTS["personalize"]()
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path))
    names = [
        client.meta.service_model.metadata["serviceFullName"] for client in (before, CLIENTS["personalize"]())
    ]
    assert names == ["Amazon Personalize", "Our Personalize"]
