"""What stands beside the service: moto as a child, its persistence, IAM policies and role access."""
