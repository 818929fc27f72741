"""A witness: signs that it saw a log grow, and never two histories of it (C2SP tlog-witness)."""
