"""Measurements of the running product; `hp bench` prints them."""
