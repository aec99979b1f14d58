"""What a package imports is what it declares, no more and no less."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import distributions, packages_distributions
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from tests.support.packages import ENCORE, LOCALPERSONALIZE, PACKAGES, PROVIDER, Package

# Declared, though no file imports it.
NOT_IMPORTED = {
    "localpersonalize": {
        "flask": "moto's server is a Flask application; moto declares it for its extra `server` alone",
        "flask-cors": "the same",
        "httptools": "uvicorn parses HTTP with it where it is installed",
        "uvloop": "uvicorn's event loop where it is installed",
    },
    "airflow_personalize": {
        "apache-airflow-providers-postgres": "the hook of a connection of type postgres, found by Airflow",
        "apache-airflow-providers-mysql": "the hook of a connection of type mysql, found by Airflow",
    },
    "encore": {},
}
# Imported where it happens to be installed: a fall-back is beside it.
OPTIONAL = {"airflow_personalize": {"mysqlclient", "pymysql"}}
# Modules whose distribution may not be installed here.
KNOWN = {
    "MySQLdb": "mysqlclient",
    "mlflow": "mlflow-skinny",
    "pymysql": "pymysql",
    "yaml": "pyyaml",
    "psycopg2": "psycopg2-binary",
}
OURS = {"airflow_personalize": "airflow-provider-personalize", "encore": "encore"}


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.import_name)
def test_every_import_is_declared(package: Package):
    allowed = package.declared | OPTIONAL.get(package.import_name, set())
    undeclared = {
        f"{file.relative_to(package.folder)}: {module} ({distribution})"
        for file, module, distribution in _imports(package)
        if distribution not in allowed
    }
    assert not undeclared


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.import_name)
def test_everything_declared_is_imported_or_has_a_reason(package: Package):
    imported = {distribution for _, _, distribution in _imports(package)}
    assert package.declared - imported == set(NOT_IMPORTED[package.import_name])


def test_localpersonalize_needs_neither_airflow_nor_tools():
    unwanted = {"pandas", "matplotlib", "awscli", "pytest", "mypy", "hypothesis"}
    declared = LOCALPERSONALIZE.declared - {"pytest"}  # of the extra with its fixtures
    assert not [n for n in declared if n in unwanted or n.startswith("apache-airflow")]
    assert not [text for text in LOCALPERSONALIZE.project["dependencies"] if text.startswith("pytest")]


def test_the_application_needs_the_provider_and_the_provider_nothing_of_ours():
    assert OURS["airflow_personalize"] in ENCORE.declared
    assert not PROVIDER.declared & {"encore", "localpersonalize"}


def _imports(package: Package) -> Iterator[tuple[Path, str, str]]:
    """File, module and distribution of each import of another's, those within functions included."""
    for file in package.sources:
        for module in _modules(ast.parse(file.read_text())):
            top = module.partition(".")[0]
            if top not in sys.stdlib_module_names and top != package.import_name:
                yield file, module, _distribution(module)


def _modules(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node.module


def _distribution(module: str) -> str:
    top = module.partition(".")[0]
    if top in OURS:
        return OURS[top]
    if top in KNOWN:
        return KNOWN[top]
    if module.startswith("airflow.providers."):
        return _provider(module)
    if top == "airflow":
        return "apache-airflow"
    return canonicalize_name(_by_module()[top][0])


def _provider(module: str) -> str:
    """The longest name that is installed, or declared: `airflow.providers.common.sql.hooks` -> `...-common-sql`."""
    parts = module.split(".")[2:]
    names = ["apache-airflow-providers-" + "-".join(parts[:length]) for length in range(len(parts), 0, -1)]
    return next(name for name in names if name in _installed() | PROVIDER.declared)


@cache
def _by_module() -> Mapping[str, list[str]]:
    return packages_distributions()


@cache
def _installed() -> frozenset[str]:
    return frozenset(canonicalize_name(distribution.metadata["Name"]) for distribution in distributions())
