"""The inventory's tools: one function, one backend call, no I/O of its own."""

from switchgear_inventory.tools import changes, items, planning, resources
from switchgear_inventory.tools.arguments import inventory

__all__ = ["changes", "inventory", "items", "planning", "resources"]
