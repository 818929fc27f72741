"""Language models: which installed one answers, what it cost, what is shown while it writes."""
