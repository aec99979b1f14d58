"""`localpersonalize check`: what of a data directory is damaged, and with `--repair` what can be done about it."""
