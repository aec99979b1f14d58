"""What recommendations have led to: what the service's metric attribution wrote, by campaign, version and time."""
