"""What Kubernetes' API takes: its published schemas, out of a package of PyPI that ships them."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

#: It has the schemas of every version; they are read in their archive, and nothing of it is installed.
PACKAGE = "kubernetes-validate"
FOLDER = "kubernetes_validate/kubernetes-json-schema"


class KubernetesSchemas:
    """The schemas of one minor version, strict: a field that there is not is a mistake.

    :param version: e.g. 1.33
    """

    def __init__(self, archive: Path, version: str) -> None:
        self._archive = zipfile.ZipFile(archive)
        names = [
            re.match(rf"{FOLDER}/(v{re.escape(version)}\.\d+-local-strict)/", n)
            for n in self._archive.namelist()
        ]
        self._folder = f"{FOLDER}/{next(match[1] for match in names if match)}"

    @cached_property
    def _definitions(self) -> Registry:
        return Registry().with_resource(
            "_definitions.json", Resource.from_contents(self._read("_definitions.json"))
        )

    def _read(self, name: str) -> Any:
        return json.loads(self._archive.read(f"{self._folder}/{name}"))

    def problems(self, manifest: Mapping[str, Any]) -> Iterator[str]:
        """What the API would refuse of a manifest, each with its place."""
        kind, api = manifest["kind"], manifest["apiVersion"]
        group = re.sub(r"^([^./]*)(?:\.[^/]*)?/", r"\1-", api)  # rbac.authorization.k8s.io/v1 -> rbac-v1
        try:
            schema = self._read(f"{kind.lower()}-{group}.json")
        except KeyError:
            yield f"there is no {kind} in {api}"
            return
        validator = Draft202012Validator(schema, registry=self._definitions)
        for error in validator.iter_errors(manifest):
            yield f"{kind} {manifest['metadata']['name']}: {error.json_path}: {error.message}"
