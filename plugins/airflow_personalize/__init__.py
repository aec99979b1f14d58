"""Airflow building blocks for Amazon Personalize."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("airflow-provider-personalize")
except PackageNotFoundError:  # used from its folder, without being installed
    __version__ = "0+not-installed"
