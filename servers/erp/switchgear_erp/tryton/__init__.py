"""The ERP over Tryton: its models and words stand here and nowhere else."""

from switchgear_erp.tryton.caveats import CAVEATS
from switchgear_erp.tryton.erp import TrytonErp

__all__ = ["CAVEATS", "TrytonErp"]
