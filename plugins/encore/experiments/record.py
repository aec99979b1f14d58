"""Where an experiment stands, as a document in S3: what the application divides users by, and what was seen so far.

`s3://<bucket>/<prefix>/experiments/<name>.json` has the `share` of users that see the challenger: the file's while the
experiment runs, 0 before it begins and where the champion stays, 1 where the challenger has won. So a winner is
promoted, and an experiment ended, without a change to the application.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from airflow_personalize.exceptions import error_code
from encore.config.experiment import FOLDER, Experiment
from encore.config.models import DatasetGroup
from encore.experiments.judge import Analysis
from encore.experiments.split import CHALLENGER, CHAMPION

Document = Mapping[str, Any]


class ChangedExperimentError(ValueError):
    """The pipeline file says other than what the experiment began with."""


def key(group: DatasetGroup, experiment: Experiment) -> str:
    return f"{group.prefix}/{FOLDER}/{experiment.name}.json"


def read(s3: Any, group: DatasetGroup, experiment: Experiment) -> Document | None:
    """None before there is one."""
    try:
        body = s3.get_object(Bucket=group.bucket, Key=key(group, experiment))["Body"].read()
    except ClientError as error:
        if error_code(error) == "NoSuchKey":
            return None
        raise
    document: Document = json.loads(body)
    return document


def write(s3: Any, group: DatasetGroup, experiment: Experiment, document: Document) -> None:
    s3.put_object(
        Bucket=group.bucket,
        Key=key(group, experiment),
        Body=json.dumps(document, indent=1, default=str).encode(),
        ContentType="application/json",
    )


def settings(experiment: Experiment) -> dict[str, Any]:
    """What must stay as it is while an experiment runs."""
    fixed = ("champion", "challenger", "share", "begin", "days", "analyses", "event_type", "measure", "error")
    return {name: value for name, value in experiment.model_dump(mode="json").items() if name in fixed}


def check_unchanged(experiment: Experiment, document: Document | None) -> None:
    """
    :raises ChangedExperimentError: naming what has changed since the experiment began: its error would no longer hold.
    """
    if document is None or document["state"] == "waits":
        return
    now = settings(experiment)
    changed = [name for name, value in now.items() if document["settings"].get(name) != value]
    if changed:
        raise ChangedExperimentError(
            f"Experiment {experiment.name} began with another {', '.join(changed)}: its error would no longer hold."
            " Give the experiment another `name`, or put back what it was."
        )


def analyses_of(document: Document | None) -> list[Analysis]:
    return [Analysis.from_json(values) for values in (document or {}).get("analyses", ())]


def loser(experiment: Experiment, document: Document | None) -> str | None:
    """The solution that has lost; None while there is none."""
    if document is None or document["state"] != "ended":
        return None
    won = document["winner"] or CHAMPION  # without a winner the champion stays
    return experiment.champion if won == CHALLENGER else experiment.challenger
