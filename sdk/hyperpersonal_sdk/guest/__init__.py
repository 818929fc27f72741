"""What runs inside the component: the loop, the loader and the walls around an author's source.

Rules:
1. Pure Python without `dataclasses`; only what is imported at build time exists at run time.
2. Nothing an author does may trap: every exception is caught, told in words and logged.
3. Time and randomness come from the run's journal, so a second run sees the same values.
"""
