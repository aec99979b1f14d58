"""The operators of the application, on top of the provider's."""
