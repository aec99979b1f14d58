"""The history, drawn: `python -m personalize.report`."""
