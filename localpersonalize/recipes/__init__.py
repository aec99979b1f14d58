"""Recipes: what trains a model from a dataset group's data, and the models that answer with it."""
