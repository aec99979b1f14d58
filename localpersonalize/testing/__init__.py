"""For test suites: fixtures of pytest, and a service that lives as long as a `with` statement."""
