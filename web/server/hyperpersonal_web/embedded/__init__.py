"""PostgreSQL and NATS for a machine that has neither: binaries from packages, started by us."""
