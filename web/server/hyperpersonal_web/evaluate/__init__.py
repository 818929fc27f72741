"""The figures of a folder of labelled support data, measured on the running product."""
