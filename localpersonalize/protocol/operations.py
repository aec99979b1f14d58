"""The 79 operations of the three services: found by a request's target header or path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel

from localpersonalize.protocol.codec import Codec, Decoder, Encoder
from localpersonalize.protocol.errors import InvalidInputError, ServiceError

SERVICES = ("personalize", "personalize-runtime", "personalize-events")


@dataclass(frozen=True)
class Operation:
    """One operation, ready to read requests and write answers."""

    service: str
    name: str
    model: OperationModel
    content_type: str
    _decode: Decoder | None
    _encode: Encoder | None

    def parse(self, body: bytes) -> dict[str, Any]:
        """The request's parameters, by the names that the service model gives them.

        :raises InvalidInputError: with every constraint of the model that the request breaks.
        :raises ServiceError: SerializationException, if the body is not a JSON object.
        """
        try:
            value = orjson.loads(body) if body else {}
        except orjson.JSONDecodeError as error:
            raise ServiceError(
                f"The request body is not JSON: {error}", code="SerializationException"
            ) from None
        if not isinstance(value, dict):
            raise ServiceError("The request body is not a JSON object.", code="SerializationException")
        if self._decode is None:
            return {}
        violations: list[str] = []
        parameters: dict[str, Any] = self._decode(value, "", violations)
        if violations:
            count = f"{len(violations)} validation error{'s' if len(violations) > 1 else ''} detected: "
            raise InvalidInputError(count + "; ".join(violations))
        return parameters

    def serialise(self, answer: Mapping[str, Any]) -> bytes:
        """The answer's body."""
        return orjson.dumps(self._encode(answer) if self._encode else {})


def serialise_error(error: ServiceError) -> bytes:
    """An error's body, which all three services write alike."""
    return orjson.dumps({"__type": error.code, "message": error.message})


class Operations:
    """Every operation, by `X-Amz-Target` (control plane) or by path (runtime and events)."""

    def __init__(self) -> None:
        loader = Loader()
        self.by_name: dict[str, Operation] = {}
        self._by_target: dict[str, Operation] = {}
        self._by_path: dict[str, Operation] = {}
        for service in SERVICES:
            model = ServiceModel(loader.load_service_model(service, "service-2"), service)
            codec = Codec()
            for name in model.operation_names:
                operation = _operation(service, model.operation_model(name), codec)
                self.by_name[name] = operation
                if service == "personalize":
                    self._by_target[f"{model.metadata['targetPrefix']}.{name}"] = operation
                else:
                    self._by_path[operation.model.http["requestUri"]] = operation

    def has_path(self, path: str) -> bool:
        """Whether an operation of the runtime or of the events service has this path."""
        return path in self._by_path

    def find(self, method: str, path: str, target: str | None) -> Operation:
        """
        :raises ServiceError: UnknownOperationException, if the request names none of them.
        """
        operation = self._by_target.get(target) if target else self._by_path.get(path)
        if operation is None or method != "POST":
            raise ServiceError(
                f"No operation {target or method + ' ' + path}.", code="UnknownOperationException", status=404
            )
        return operation


def _operation(service: str, model: OperationModel, codec: Codec) -> Operation:
    content = "application/x-amz-json-1.1" if service == "personalize" else "application/json"
    return Operation(
        service,
        model.name,
        model,
        content,
        codec.decoder(model.input_shape) if model.input_shape else None,
        codec.encoder(model.output_shape) if model.output_shape else None,
    )
