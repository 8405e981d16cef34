"""The base of every contract: closed, frozen, and strict about what it takes."""

from pydantic import BaseModel, ConfigDict


class Contract(BaseModel):
    """An immutable value that refuses unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
