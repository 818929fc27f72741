"""Published JSON Schemas, generated from the types: `python -m hyperpersonal_sdk.schema`."""
