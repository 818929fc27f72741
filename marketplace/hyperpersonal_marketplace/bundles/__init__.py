"""Which releases fit together for one tenant: ranges, a solver that says why not, a signed lock."""
