"""These tests sit at the shared desk, with a browser's manners."""

from journeys.rooms import demo_data, desk, own_data, samples

__all__ = ["demo_data", "desk", "own_data", "samples"]
