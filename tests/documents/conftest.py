"""These tests sit at the shared desk, or carry the events themselves."""

from journeys.rooms import demo_data, desk, invoices, office, own_data, samples

__all__ = ["demo_data", "desk", "invoices", "office", "own_data", "samples"]
