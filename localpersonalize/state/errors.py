"""What keeps a state from being saved or loaded."""

from __future__ import annotations


class ArchiveError(ValueError):
    """An archive can't be loaded; the text says why."""


class StateError(Exception):
    """A service refused to save, load or reset its state, or does not answer; the text says why."""
