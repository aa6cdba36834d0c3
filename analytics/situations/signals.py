"""What people said and did, beside the loaded data: verdicts, pulses, MT weeks, open questions.

Plain values, so that the rules stay pure; who keeps them stands outside.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class VerdictNote:
    """A verdict of the ballotage. verdict: admit, waitlist or decline; feedback: "", right, wrong."""

    at: dt.date
    deal_id: str
    prospect: str
    verdict: str
    feedback: str = ""


@dataclass(frozen=True, slots=True)
class PulseNote:
    """A closed week of the pulse that may be shown. name: of the topic, in English.

    average: on its scale of 1 to 5; answers: so many at least.
    """

    week: dt.date
    topic: str
    name: str
    average: float
    answers: int


@dataclass(frozen=True, slots=True)
class MtWeek:
    """The MT's week as a whole (three people or more). share: of their time, spent on people."""

    week: dt.date
    share: float
    people: int


@dataclass(frozen=True, slots=True)
class AnsweredQuestion:
    """A question that nobody could answer when it was asked, and that a card answers now."""

    asked: dt.date
    question: str
    card: str
    title: str


@dataclass(frozen=True, slots=True)
class Signals:
    """All of it, oldest first; empty where an instrument is not used."""

    verdicts: tuple[VerdictNote, ...] = ()
    pulses: tuple[PulseNote, ...] = ()
    mt_weeks: tuple[MtWeek, ...] = ()
    answered: tuple[AnsweredQuestion, ...] = ()

    def until(self, day: dt.date) -> Signals:
        """What was known at the end of a day."""
        return Signals(
            tuple(v for v in self.verdicts if v.at <= day),
            tuple(p for p in self.pulses if p.week + dt.timedelta(days=7) <= day),
            tuple(m for m in self.mt_weeks if m.week + dt.timedelta(days=7) <= day),
            tuple(q for q in self.answered if q.asked <= day),
        )

    def latest_verdicts(self) -> dict[str, VerdictNote]:
        """The newest verdict of each deal."""
        return {v.deal_id: v for v in self.verdicts if v.deal_id}
