"""The inventory server."""
