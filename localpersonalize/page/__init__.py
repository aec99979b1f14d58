"""The page at `/`: what is in the service, and a place to try it. Imported by the first request for it."""
