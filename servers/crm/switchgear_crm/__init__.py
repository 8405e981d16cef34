"""The crm server."""
