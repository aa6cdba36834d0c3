"""The questions put to the coach, kept in the state database."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from bot.core.request import Request
from bot.core.services import State
from bot.errors import UserError

if TYPE_CHECKING:
    from bot.storage.questions import CoachQuestions

log = logging.getLogger("ballotage.coach")


class StoredQuestions:
    """The Questions service; an answer never fails because it could not be kept."""

    def __init__(self, state: State) -> None:
        self._state = state

    def keep(self, request: Request, question: str, cards: Sequence[str], band: str) -> int | None:
        """Keep a question; None, and a line in the log, where the database cannot be written."""
        from sqlalchemy.exc import SQLAlchemyError

        principal = request.principal
        try:
            return self._repository(request).keep(
                principal.user, request.received_at, request.locale, question, cards, band
            )
        except (UserError, SQLAlchemyError):
            log.warning("coach.question_not_kept", exc_info=True)
            return None

    def judge(self, request: Request, number: int, feedback: str) -> bool:
        """Note whether an answer helped the one who asked."""
        return self._repository(request).judge(number, request.principal.user, feedback)

    def counts(self, request: Request) -> Mapping[tuple[str, str], int]:
        """How many questions there were, by band and feedback."""
        return self._repository(request).counts() if self._state.exists() else {}

    def _repository(self, request: Request) -> CoachQuestions:
        from bot.storage.questions import CoachQuestions

        return CoachQuestions(self._state.database(), request.principal.tenant)
