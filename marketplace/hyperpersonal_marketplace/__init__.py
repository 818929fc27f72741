"""Installing releases with consent, and composing them to bundles."""
