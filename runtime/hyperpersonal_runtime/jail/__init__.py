"""The outer wall: every process that holds foreign code is started here, and only here.

The package uses the standard library only: it is copied into tests that run as another user.
"""
