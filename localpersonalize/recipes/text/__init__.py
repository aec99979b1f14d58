"""Recipes that read what items say of themselves."""
