"""One solution version from data to a model on disk."""
