"""The inventory over Tryton: its models and words stand here and nowhere else."""

from switchgear_inventory.tryton.caveats import CAVEATS
from switchgear_inventory.tryton.inventory import TrytonInventory

__all__ = ["CAVEATS", "TrytonInventory"]
