"""The only home of wasmtime (pinned): engine, linker, calls. Imported by worker processes only."""
