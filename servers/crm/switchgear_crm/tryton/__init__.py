"""The CRM over Tryton: its models and words stand here and nowhere else."""

from switchgear_crm.tryton.caveats import CAVEATS
from switchgear_crm.tryton.crm import TrytonCrm

__all__ = ["CAVEATS", "TrytonCrm"]
