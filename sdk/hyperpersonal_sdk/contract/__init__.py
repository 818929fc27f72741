"""The host's typed view of what crosses the sandbox: frozen msgspec structs, JSON on the wire."""
