"""What a deployment needs around the DAGs: permissions, and how it stands with the account."""
