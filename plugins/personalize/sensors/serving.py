"""Sensors for filters, event trackers and batch jobs."""

from __future__ import annotations
