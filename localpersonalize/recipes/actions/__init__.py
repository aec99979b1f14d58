"""Recipes for actions instead of items."""
