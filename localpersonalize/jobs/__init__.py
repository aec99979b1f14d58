"""What the service does after it has answered: a queue, and worker processes that survive a kill."""
