"""A/B tests: users divided by lot between two campaigns, judged day by day, and ended."""
