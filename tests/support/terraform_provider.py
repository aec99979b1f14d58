"""What Terraform's provider for AWS takes, of the resources of Encore's module, and what it makes of a module.

`aws_provider.json` is read out of the package `cdktf-cdktf-provider-aws` of PyPI, whose TypeScript is generated from
the provider's own schema, so that the module is checked where the provider itself is not to be had. To make it anew:

    pip download --no-deps cdktf-cdktf-provider-aws -d /tmp/provider
    python -m tests.support.terraform_provider /tmp/provider/*.whl
"""

from __future__ import annotations

import io
import json
import re
import sys
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("aws_provider.json")
RESOURCES = (
    "aws_iam_policy",
    "aws_iam_role",
    "aws_iam_role_policy",
    "aws_s3_bucket",
    "aws_s3_bucket_policy",
    "aws_s3_bucket_public_access_block",
    "aws_s3_bucket_server_side_encryption_configuration",
)
DATA = ("aws_caller_identity", "aws_partition", "aws_region")
#: Arguments that Terraform itself takes in any resource.
META = {"count", "depends_on", "for_each", "lifecycle", "provider"}
_INTERFACE = re.compile(r"export interface (\w+)[^{]*\{(.*?)\n\}", re.S)
_ARGUMENT = re.compile(r"#(\w+) \w+#\w+\}.*?readonly \w+(\??): ([^;]+);", re.S)
_ATTRIBUTE = re.compile(r"^    get (\w+)\(\):", re.M)
_VERSION = re.compile(r"providers/hashicorp/aws/([\d.]+)/docs")
PYTHON_TYPES = {"string": str, "number": (int, float), "bool": bool, "any": object}
_SCALARS = {"string": "string", "number": "number", "boolean": "bool"}


def extract(package: Path) -> dict[str, Any]:
    """Of each resource and data source its arguments, with type and whether they are required, and its attributes."""
    with zipfile.ZipFile(package) as wheel:
        (name,) = (entry for entry in wheel.namelist() if entry.endswith(".jsii.tgz"))
        content = io.BytesIO(wheel.read(name))
    texts = {}
    with tarfile.open(fileobj=content) as archive:
        wanted = {_folder(kind): kind for kind in RESOURCES} | {
            f"data-aws-{_folder(kind)}": kind for kind in DATA
        }
        for member in archive:
            folder, _, file = member.name.removeprefix("package/lib/").partition("/")
            if file == "index.d.ts" and folder in wanted and (source := archive.extractfile(member)):
                texts[wanted[folder]] = source.read().decode()
    (version,) = {_VERSION.findall(text)[0] for text in texts.values()}
    return {"provider": version, "types": {kind: _of_type(text) for kind, text in sorted(texts.items())}}


def _folder(kind: str) -> str:
    return kind.removeprefix("aws_").replace("_", "-")


def _of_type(text: str) -> dict[str, Any]:
    interfaces = dict(_INTERFACE.findall(text))
    first = next(iter(name for name in interfaces if name.endswith("Config")))
    own = re.split(r"export declare class \w+ extends cdktf\.Terraform(?:Resource|DataSource)", text)[-1]
    attributes = {re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower() for name in _ATTRIBUTE.findall(own)}
    return {
        "arguments": _arguments(interfaces[first], interfaces),
        "attributes": sorted(name for name in attributes if not name.endswith("_input")),
    }


def _arguments(body: str, interfaces: Mapping[str, str]) -> dict[str, Any]:
    arguments = {}
    for name, optional, kind in _ARGUMENT.findall(body):
        base = kind.split(" | ")[0]
        nested = interfaces.get(base.removesuffix("[]"))
        arguments[name] = {
            "type": _arguments(nested, interfaces) if nested else _SCALARS.get(base, "any"),
            "required": not optional,
        }
    return arguments


def problems(module: Mapping[str, Any]) -> Iterator[str]:
    """What the provider would refuse of a module in Terraform's JSON syntax."""
    types = json.loads(FILE.read_text())["types"]
    for section in ("resource", "data"):
        for kind, instances in module[section].items():
            if kind not in types:
                yield f"{kind}: no such {section}"
                continue
            for name, body in instances.items():
                body = {key: value for key, value in body.items() if key not in META}
                yield from _of_block(f"{kind}.{name}", body, types[kind]["arguments"])
    for section, kind, attribute in _references(json.dumps(module)):
        if attribute not in types.get(kind, {"attributes": ()})["attributes"]:
            yield f"{section}{kind} has no attribute {attribute}"


def _of_block(at: str, body: Any, arguments: Mapping[str, Any]) -> Iterator[str]:
    if not isinstance(body, Mapping):
        yield f"{at}: not a block"
        return
    for name in sorted(set(body) - set(arguments)):
        yield f"{at}: unsupported argument {name}"
    for name, argument in arguments.items():
        if name not in body:
            if argument["required"]:
                yield f"{at}: missing argument {name}"
        elif isinstance(argument["type"], Mapping):
            yield from _of_block(f"{at}.{name}", body[name], argument["type"])
        elif not isinstance(body[name], PYTHON_TYPES[argument["type"]]):
            yield f"{at}: {name} must be a {argument['type']}"


def _references(text: str) -> set[tuple[str, str, str]]:
    return set(re.findall(r"\$\{(data\.)?(aws_\w+)\.\w+\.(\w+)\}", text))


if __name__ == "__main__":
    FILE.write_text(json.dumps(extract(Path(sys.argv[1])), indent=1, sort_keys=True) + "\n")
