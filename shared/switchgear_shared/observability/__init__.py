"""Logs, metrics and traces that all carry the correlation ID."""
