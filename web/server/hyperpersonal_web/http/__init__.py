"""The gateway: HTTP and WebSocket in, the core's services behind. No rule of the product lives here."""
