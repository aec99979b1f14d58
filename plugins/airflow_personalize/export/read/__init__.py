"""From the database: connections, queries, record batches read ahead."""
