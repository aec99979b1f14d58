"""Datasets on disk: schemas, imports, and the tables that recipes train on."""
