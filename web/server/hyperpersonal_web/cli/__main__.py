"""`python -m hyperpersonal_web.cli` is the `hp` command."""

from hyperpersonal_web.cli import main

main()
