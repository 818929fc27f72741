"""Runs componentize-py with the words it is given: Python source to a component."""

import sys

import componentize_py

if __name__ == "__main__":
    sys.exit(componentize_py.script())
