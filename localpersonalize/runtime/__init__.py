"""What applications see: campaigns in memory, recommendations, ranking, filters, batch jobs."""
