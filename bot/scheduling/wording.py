"""The form of a situation's words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """A situation's texts, as English message ids with {names} of figures.

    card: id of the principle card; measure: what the follow-up calls its figure.
    """

    card: str
    headline: str
    evidence: str
    action: str
    measure: str
