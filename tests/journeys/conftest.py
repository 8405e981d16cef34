"""Journeys sit at the shared desk, or carry the events themselves."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))

from journeys.rooms import demo_data, desk, invoices, office, own_data, samples

__all__ = ["demo_data", "desk", "invoices", "office", "own_data", "samples"]
