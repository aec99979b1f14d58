"""What applications see: campaigns in memory, recommendations, ranking, filters, batch jobs."""

from localpersonalize.runtime.engine import Runtime

__all__ = ["Runtime"]
