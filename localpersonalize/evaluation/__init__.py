"""The service's offline evaluation: splitting, evaluating, metrics."""
