"""A stand-in for the vendors' model services: their wire protocols, scripted answers.

For development, tests and measurements. It is no language model: it says what its script says.
The vendors' own clients talk to it unchanged.
"""
