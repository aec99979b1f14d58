"""What must hold for a row: casts, rules of the service, contracts."""
