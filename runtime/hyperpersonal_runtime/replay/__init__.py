"""Recorded hook calls run again, with no effect: on the same release, or on another one."""
