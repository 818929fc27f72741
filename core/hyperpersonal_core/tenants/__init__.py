"""The slice `tenants`."""
