"""The language models an operator allows, as one TOML file says it: none without the file."""

import os
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from switchgear_documents.reading.reading import DocumentType
from switchgear_shared.errors import InvalidRequestError

Task = Literal["classify", "extract"]
MICRO = 1_000_000
"""Money is counted in millionths of the catalogue's currency: a call costs less than a cent."""

_MOST_BYTES = 64 * 1024

Amount = Annotated[Decimal, Field(ge=0, le=1_000_000, max_digits=16)]
Seconds = Annotated[float, Field(gt=0, le=600)]


class _Written(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ModelEntry(_Written):
    """One model of one provider.

    `provider` is the dialect spoken at `base_url`: `openai` is any OpenAI-compatible endpoint.
    Prices are for a million tokens. `trust` is how often the operator takes its answers for right:
    a value that only the model found has this confidence. `structured` is how it is held to the
    answer's schema: by a tool call, by the endpoint's own JSON schema mode, or by words alone.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
    provider: Literal["openai", "anthropic"]
    model: Annotated[str, Field(min_length=1, max_length=200)]
    base_url: Annotated[str, Field(pattern=r"^https?://")] | None = None
    key_environment: str | None = None
    key_file: Path | None = None
    tasks: Annotated[frozenset[Task], Field(min_length=1)] = frozenset({"classify", "extract"})
    input_price: Amount
    output_price: Amount
    trust: Annotated[float, Field(gt=0, lt=1)] = 0.85
    timeout_s: Seconds = 30
    parallel: Annotated[int, Field(ge=1, le=64)] = 4
    structured: Literal["tool", "native", "prompted"] = "tool"

    @model_validator(mode="after")
    def _says_where_its_key_is(self) -> Self:
        if self.key_environment is not None and self.key_file is not None:
            raise ValueError("has a key in one place: `key_environment` or `key_file`")
        if self.provider == "openai" and self.base_url is None:
            raise ValueError("an OpenAI-compatible model needs its `base_url`")
        return self

    def key(self) -> str | None:
        """Return the secret, read now; None for an endpoint that wants none.

        Raises InvalidRequestError where the catalogue names a key that is not there.
        """
        if self.key_environment is not None:
            key = os.environ.get(self.key_environment, "").strip()
            place = f"the environment variable {self.key_environment}"
        elif self.key_file is not None:
            try:
                key = self.key_file.read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError):
                key = ""
            place = f"the file {self.key_file}"
        else:
            return None
        if not key:
            raise InvalidRequestError(f"model {self.name}: there is no key in {place}")
        return key

    def cost_micro(self, input_tokens: int, output_tokens: int) -> int:
        """Return what so many tokens cost, in millionths, rounded up."""
        exact = self.input_price * input_tokens + self.output_price * output_tokens
        return int(exact.to_integral_value(rounding="ROUND_CEILING"))  # a million of a million


class Catalogue(_Written):
    """Which models there are, how much may be spent, and what never leaves the house.

    Budgets are of each tenant and in `currency`; a day is one of UTC. Of a document at most
    `most_characters` are sent. `prefer` orders models that can do a task.
    """

    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = "EUR"
    budget_per_day: Amount
    budget_per_document: Amount
    most_characters: Annotated[int, Field(ge=500, le=500_000)] = 20_000
    prefer: Literal["cost", "latency"] = "cost"
    keep_types: frozenset[DocumentType] = frozenset()
    keep_tenants: frozenset[str] = frozenset()
    models: Annotated[tuple[ModelEntry, ...], Field(min_length=1, max_length=32)]

    @model_validator(mode="after")
    def _names_each_once(self) -> Self:
        names = [model.name for model in self.models]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"two models are called {min(twice)}")
        return self


def load_catalogue(file: Path) -> Catalogue:
    """Return what the file says, its keys looked for.

    Raises InvalidRequestError, naming the file and what is wrong in it.
    """
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise InvalidRequestError(f"{file.name}: more than {_MOST_BYTES} bytes")
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidRequestError(f"the catalogue of models is not there: {file}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidRequestError(f"{file.name} is not TOML: {error}") from error
    try:
        catalogue = Catalogue.model_validate(content)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, problem["loc"])) or "the catalogue"
        raise InvalidRequestError(f"{file.name}: {where}: {problem['msg']}") from error
    for model in catalogue.models:
        model.key()
    return catalogue
