"""Native plugins: their environments, their warm processes, their calls."""
