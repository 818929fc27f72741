"""Tenants, channels, memory, routing and the turn that ties them; everything else is a plugin."""
