"""Sensors for what is trained, and what answers from it."""

from __future__ import annotations
