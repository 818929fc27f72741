"""The worker process: guests and nothing else: no environment, no secrets, only its lanes."""
