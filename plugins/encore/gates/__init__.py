"""Whether data may be imported, whether a version may go live, and whether its campaign answers."""
