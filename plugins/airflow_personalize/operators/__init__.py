"""Operators for Amazon Personalize."""
