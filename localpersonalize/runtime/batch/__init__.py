"""Batch inference and batch segment jobs: lines of JSON in, lines of JSON out."""
