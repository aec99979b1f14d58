"""Whether a new version is better than the live one for the same users, on interactions that neither has seen."""
