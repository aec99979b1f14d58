"""Recipes that count events."""
