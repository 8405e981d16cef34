"""The CRM's tools: one function, one backend call, no I/O of its own."""

from switchgear_crm.tools import accounts, activities, opportunities, prompts, resources, selling
from switchgear_crm.tools.arguments import crm

__all__ = ["accounts", "activities", "crm", "opportunities", "prompts", "resources", "selling"]
