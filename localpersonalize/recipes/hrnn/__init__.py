"""Recipes of the hierarchical recurrent network."""
