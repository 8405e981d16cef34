"""The claims of the story, each checked and shown as it is made."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.rule import Rule


@dataclass(frozen=True, slots=True)
class Claim:
    """One checked sentence; `seen` is what it was checked against."""

    text: str
    is_true: bool
    seen: str


@dataclass
class Claims:
    """Collects claims and shows progress: for people on a terminal, or not at all."""

    console: Console | None
    started_s: float = field(default_factory=time.monotonic)
    made: list[Claim] = field(default_factory=list[Claim])

    @property
    def are_true(self) -> bool:
        """Whether there are claims, and every one of them held."""
        return bool(self.made) and all(claim.is_true for claim in self.made)

    def chapter(self, title: str) -> None:
        """Begin a chapter."""
        if self.console is not None:
            self.console.print()
            self.console.print(Rule(f"[bold]{title}", align="left", style="cyan"))

    def tell(self, text: str) -> None:
        """Say what happens, without a claim."""
        if self.console is not None:
            elapsed = time.monotonic() - self.started_s
            self.console.print(f"  [dim]{elapsed:5.1f}s[/]  {text}", highlight=False)

    def check(self, text: str, is_true: object, seen: object = "") -> None:
        """Make a claim: record and show whether it holds."""
        claim = Claim(text, bool(is_true), str(seen))
        self.made.append(claim)
        if self.console is not None:
            mark = "[green]✔[/]" if claim.is_true else "[bold red]✘[/]"
            aside = f"  [dim]{claim.seen}[/]" if claim.seen else ""
            self.console.print(f"      {mark}  {text}{aside}", highlight=False)

    def reached(self, text: str, *, seen: object) -> None:
        """Make a claim that the story could not have come this far without."""
        self.check(text, is_true=True, seen=seen)

    def summary(self) -> dict[str, Any]:
        """Return the result for machines."""
        return {
            "ok": self.are_true,
            "seconds": round(time.monotonic() - self.started_s, 1),
            "claims": [
                {"claim": claim.text, "ok": claim.is_true, "seen": claim.seen}
                for claim in self.made
            ],
        }
