"""The erp server."""
