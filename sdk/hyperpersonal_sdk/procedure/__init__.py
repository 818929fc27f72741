"""Procedures: what first-party agents do without a language model, free for every author to use.

A procedure reads the shopper's words into requests (`requests`), finds out who writes
(`identify`), looks things up (`shop`), asks for what is missing one question at a time
(`flow`), says what it will do, and acts only after an explicit yes (`confirm`, `actions`).
Everything here is pure Python of the standard library: it runs inside the sandbox, where
compiled expressions of module level are part of the snapshot and cost nothing in a turn.
"""
