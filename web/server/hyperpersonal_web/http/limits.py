"""Sizes of what comes in over HTTP and WebSocket."""

from hyperpersonal_sdk.contract.messages import MESSAGE_BYTES_MAX

ENVELOPE_BYTES = 4 * 1024  # the JSON around a message of the largest size
FRAME_BYTES_MAX = MESSAGE_BYTES_MAX + ENVELOPE_BYTES
IMPORT_BYTES_MAX = 8 * 1024 * 1024
IMPORT_AT_ONCE_MAX = 20  # articles; more are imported by a job
OFFSET_MAX = 2**53 - 1  # what every client counts exactly; PostgreSQL takes it as well
