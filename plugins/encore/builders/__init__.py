"""Builders: the tasks of a DAG that belong together, made by one function each."""
