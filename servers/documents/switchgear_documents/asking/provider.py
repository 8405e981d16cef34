"""A language model behind one typed question; what goes wrong comes out as our own errors."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import BaseModel

from switchgear_documents.asking.catalogue import ModelEntry
from switchgear_documents.asking.questions import Question
from switchgear_shared.errors import (
    BackendRejectedError,
    BackendUnavailableError,
    DeadlineError,
    InvalidRequestError,
    ThrottledError,
)

if TYPE_CHECKING:
    from pydantic_ai.models import Model

    _Connected = tuple[Model, Callable[[], Awaitable[None]]]

AnswerT = TypeVar("AnswerT", bound=BaseModel)


class InvalidAnswerError(BackendRejectedError):
    """The model answered and was paid, but its answer does not keep to the schema."""


@dataclass(frozen=True, slots=True)
class Answered(Generic[AnswerT]):
    """A valid answer and what it took, the repair of a first one included."""

    answer: AnswerT
    input_tokens: int
    output_tokens: int


class LanguageModel:
    """One entry of the catalogue, ready to be asked.

    An answer that does not keep to its schema is sent back once with what is wrong in it. No tool
    is given to the model: whatever a document talks it into, there is nothing it could do.
    """

    def __init__(self, entry: ModelEntry, model: "Model | None" = None) -> None:
        """`model`: another than the entry's own, for tests."""
        self.entry = entry
        self._model, self._close = (model, None) if model is not None else _connect(entry)

    async def close(self) -> None:
        """Give up its connections."""
        if self._close is not None:
            await self._close()

    async def ask(self, question: Question[AnswerT]) -> Answered[AnswerT]:
        """Return the model's answer.

        Raises:
            ThrottledError: it has had too many requests; `retry_after_s` where it says so.
            BackendUnavailableError: it cannot be reached, is overloaded or broken.
            DeadlineError: no answer within the entry's `timeout_s`.
            BackendRejectedError: it refuses the request or the key, or its credit is used up.
            InvalidAnswerError: it cannot keep to the schema.
        """
        from pydantic_ai import Agent, UsageLimits  # noqa: PLC0415 - only who asks pays for it
        from pydantic_ai import exceptions as failures  # noqa: PLC0415 - same

        name = self.entry.name
        agent = Agent(
            self._model,
            output_type=_held_to(question.answer, self.entry),
            instructions=question.instructions,
            retries={"output": 1, "tools": 0},
        )
        try:
            done = await agent.run(
                question.prompt,
                model_settings={
                    "max_tokens": question.most_tokens,
                    "temperature": 0,
                    "timeout": self.entry.timeout_s,
                    "request_timeout": self.entry.timeout_s,
                },
                usage_limits=UsageLimits(request_limit=2),
            )
        except (failures.ModelRequestTimeout, failures.ModelTimeoutError) as error:
            raise DeadlineError(f"{name} did not answer in {self.entry.timeout_s:g} s") from error
        except failures.ModelRateLimitError as error:
            raise ThrottledError(
                f"{name} has had too many requests", retry_after_s=error.retry_after
            ) from error
        except (failures.ModelRequestRejectedError, failures.ModelQuotaExceededError) as error:
            status = getattr(error, "status_code", None)
            raise BackendRejectedError(f"{name} refuses the request: {status or 'no'}") from error
        except failures.ModelAPIError as error:
            status = getattr(error, "status_code", None)
            said = f"answered {status}" if status else "cannot be reached"
            raise BackendUnavailableError(f"{name} {said}") from error
        except failures.AgentRunError as error:
            raise InvalidAnswerError(f"{name} gave no valid answer") from error
        usage = done.usage
        return Answered(done.output, usage.input_tokens, usage.output_tokens)


def _held_to(answer: type[BaseModel], entry: ModelEntry) -> Any:
    from pydantic_ai import NativeOutput, PromptedOutput, ToolOutput  # noqa: PLC0415 - see above

    match entry.structured:
        case "native":
            return NativeOutput(answer)
        case "prompted":
            return PromptedOutput(answer)
        case "tool":
            return ToolOutput(answer)


def _connect(entry: ModelEntry) -> "_Connected":
    """Return the model's client; its own retries are off, for the router has others to ask."""
    try:
        if entry.provider == "anthropic":
            return _anthropic(entry)
        return _openai(entry)
    except ImportError as error:
        raise InvalidRequestError(
            "asking language models needs the extra switchgear-documents[models]"
        ) from error


def _openai(entry: ModelEntry) -> "_Connected":
    from openai import AsyncOpenAI  # noqa: PLC0415 - see above
    from pydantic_ai.models.openai import OpenAIChatModel  # noqa: PLC0415 - see above
    from pydantic_ai.providers.openai_compatible import (  # noqa: PLC0415 - see above
        OpenAICompatibleProvider,
    )

    client = AsyncOpenAI(base_url=entry.base_url, api_key=entry.key() or "none", max_retries=0)
    provider = OpenAICompatibleProvider(entry.name, openai_client=client)
    return OpenAIChatModel(entry.model, provider=provider), client.close


def _anthropic(entry: ModelEntry) -> "_Connected":
    from anthropic import AsyncAnthropic  # noqa: PLC0415 - see above
    from pydantic_ai.models.anthropic import AnthropicModel  # noqa: PLC0415 - see above
    from pydantic_ai.providers.anthropic import AnthropicProvider  # noqa: PLC0415 - see above

    client = AsyncAnthropic(base_url=entry.base_url, api_key=entry.key(), max_retries=0)
    provider = AnthropicProvider(anthropic_client=client)
    return AnthropicModel(entry.model, provider=provider), client.close
