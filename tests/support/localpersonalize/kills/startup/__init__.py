"""Put on PYTHONPATH of the service."""
