"""The workflows server."""
