"""The history, drawn: `python -m encore.report`."""
