"""A live service in concurrent traffic, killed again and again, and a ledger of what it had acknowledged."""
