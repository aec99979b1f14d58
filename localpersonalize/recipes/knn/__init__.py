"""Recipes that count who took what with what."""
