"""Receipts: what a tenant is billed for, chained and signed (the verifier is in the SDK)."""
