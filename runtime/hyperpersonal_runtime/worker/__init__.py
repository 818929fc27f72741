"""The worker process: guests and nothing else. No environment, no secrets, no sockets but its lanes."""
