"""An answer in free words, and what it rests on: what the coach and a language model hand each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from bot.core.request import Request


@dataclass(frozen=True, slots=True)
class Passage:
    """A card or a piece of a document that was found for a question, in the asker's language.

    `source` is how it is cited; `document`: somebody's own text, that decides nothing.
    """

    id: str
    title: str
    text: str
    source: str = ""
    document: bool = False


@dataclass(frozen=True, slots=True)
class Advice:
    """What a model wrote and may be shown.

    `text` cites as `[id]`; `passages` are those it cites, `commands` the lines its figures came from.
    """

    text: str
    passages: tuple[Passage, ...]
    commands: tuple[str, ...]


class Adviser(Protocol):
    """Answers in free words, or leaves it."""

    async def advise(self, request: Request, question: str, *, spent: float = 0.0) -> Advice | None:
        """Answer within the deadline, of which so many seconds are `spent`.

        None where the answer without a model must do.
        """
