"""Review by people: what waits, what a reviewer sees, what anybody reports, what is withdrawn."""
