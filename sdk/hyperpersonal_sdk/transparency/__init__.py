"""What anybody needs to check the registry's transparency log, offline and without trusting it."""
