"""Recorded turns for people at a terminal: shown (`hp journal`) and run again (`hp replay`)."""
