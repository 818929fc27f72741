"""The way out: requests that were allowed, to addresses that were checked, within bounds."""
