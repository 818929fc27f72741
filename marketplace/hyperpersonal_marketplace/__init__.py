"""Installing a release with consent, composing a bundle of agents."""
