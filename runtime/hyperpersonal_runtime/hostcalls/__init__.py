"""The host calls of the WIT world: one file each, one table.

Each turns a typed request into an effect or a refusal without waiting; the effect waits.
"""
