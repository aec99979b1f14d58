"""Faults on purpose, so that users can test how their pipelines bear them.

A TOML file says what goes wrong, where and how often::

    seed = 7                       # the same requests in the same order meet the same faults
    [[fault]]
    operation = "Create*"          # names, with * and ?
    kind = "throttle"              # or error, slow, drop (nothing done), lost (done, but the answer never comes)
    rate = 0.2                     # of the requests; default 1
    [[fault]]
    operation = "CreateSolutionVersion"
    kind = "job"                   # the job that the operation began fails
    reason = "Internal training error."
    [[fault]]
    operation = "GetRecommendations"
    kind = "slow"
    seconds = 2.5
"""

from __future__ import annotations

import fnmatch
import random
import threading
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from localpersonalize.protocol.errors import ServiceError

OF_JOB: Mapping[str, str] = {
    "import": "CreateDatasetImportJob",
    "export": "CreateDatasetExportJob",
    "delete users": "CreateDataDeletionJob",
    "train": "CreateSolutionVersion",
    "deploy": "CreateCampaign",
    "batch-inference-job": "CreateBatchInferenceJob",
    "batch-segment-job": "CreateBatchSegmentJob",
}


class FaultsError(ValueError):
    """The file of faults can't be used; the text says why."""


class Fault(BaseModel):
    """One kind of fault, at the operations whose names match."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["throttle", "error", "slow", "drop", "lost", "job"]
    operation: str = "*"
    rate: float = Field(1.0, ge=0, le=1)
    seconds: float = Field(1.0, ge=0)
    reason: str = "A fault that was asked for."


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    seed: int = 0
    fault: list[Fault] = []


class Faults:
    """Decides, request by request and job by job, what goes wrong."""

    def __init__(self, faults: Sequence[Fault] = (), seed: int = 0) -> None:
        self._faults = faults
        self._random = random.Random(seed)
        self._lock = threading.Lock()

    def of_request(self, operation: str) -> Fault | None:
        """What is to happen to a request, if anything."""
        return self._draw(operation, jobs=False)

    def of_job(self, kind: str) -> str | None:
        """Why a job is to fail, if it is."""
        fault = self._draw(OF_JOB.get(kind, ""), jobs=True)
        return fault.reason if fault else None

    def _draw(self, operation: str, jobs: bool) -> Fault | None:
        for fault in self._faults:
            if (fault.kind == "job") is jobs and fnmatch.fnmatchcase(operation, fault.operation):
                with self._lock:
                    hit = self._random.random() < fault.rate
                if hit:
                    return fault
        return None


def error_of(fault: Fault) -> ServiceError | None:
    """The error that a fault answers with, None if it is not an answer."""
    if fault.kind == "throttle":
        return ServiceError("Rate exceeded", code="ThrottlingException")
    if fault.kind == "error":
        return ServiceError("Service is unavailable.", code="ServiceUnavailable", status=503)
    return None


def load(file: Path) -> Faults:
    """
    :raises FaultsError: naming the file and the entry that can't be used.
    """
    try:
        read = _File.model_validate(tomllib.loads(file.read_text()))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FaultsError(f"{file}: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        raise FaultsError(f"{file}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    return Faults(read.fault, read.seed)
