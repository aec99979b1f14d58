"""All that an account holds as one archive: saved, loaded, or replaced by nothing, while the service runs."""
