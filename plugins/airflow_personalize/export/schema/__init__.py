"""Avro schemas of the datasets and the rules that the service has for them."""
