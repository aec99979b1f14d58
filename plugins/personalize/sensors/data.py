"""Sensors for datasets and the jobs that fill, read and clean them."""

from __future__ import annotations
