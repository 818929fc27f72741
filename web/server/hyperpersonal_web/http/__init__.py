"""The gateway: HTTP and WebSocket in front, the core's services behind; no rule lives here."""
