"""The documents server."""
