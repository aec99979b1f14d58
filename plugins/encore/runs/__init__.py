"""What a run does: its parameters, its plan, a dry run, the days it exports and imports."""
