"""`hp demo`: a shop, its merchant and its agents on this machine, made once and kept in `.hp/`."""
