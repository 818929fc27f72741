"""What every slice stands on: database, outbox, bus, jobs, ids, clock, money, errors, logs."""
