"""What a data directory asks of its disk: one owner, files that are whole or known not to be, room."""
