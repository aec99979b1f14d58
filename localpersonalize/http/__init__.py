"""One ASGI app on one port: requests signed for Personalize are answered here, all others by moto."""
