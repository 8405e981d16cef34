"""The one catalogue of the tables that every server has beside its own."""

from sqlalchemy import MetaData

shared_metadata = MetaData()
"""Filled by importing shared_tables; migration messaging_0001 makes the same tables."""
