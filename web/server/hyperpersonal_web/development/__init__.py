"""What only a demo has: a door by which an author's folder serves it, again at each save."""
