"""The conditions of the ballotage as a command sees them: what is in force, and what was before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from bot.errors import UserError

if TYPE_CHECKING:
    from analytics.ballotage.conditions import Conditions
    from analytics.ballotage.nodes import ConditionsError


class How(Enum):
    """How a version came about; the value is how the journal writes it."""

    IMPORT = "import"
    CHAT = "chat"
    HAND = "hand"
    RESTORE = "restore"


@dataclass(frozen=True, slots=True)
class Entry:
    """A version that was put in force. at: UTC. by: the user, empty where nobody is known.

    facts: the facts of the company's own data that it uses, each with its type, so that it can
    still be read when the data changes.
    """

    version: str
    how: How
    at: dt.datetime
    by: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Current:
    """The conditions in force. entry: None for the defaults one starts with.

    problem: why the file as it now stands is not in force, None where it is. gone: facts in use
    that the data had and has no longer.
    """

    conditions: Conditions
    entry: Entry | None = None
    problem: ConditionsError | None = None
    gone: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Changed:
    """What a change did. entry: None where it changed nothing.

    set_aside: where a file went that was edited by hand, could not be used and was replaced.
    """

    before: Conditions
    after: Conditions
    entry: Entry | None
    set_aside: Path | None = None


class ConditionsSource(Protocol):
    """Gives the conditions of the ballotage in force and keeps new ones. All of it may block."""

    def current(self) -> Conditions:
        """Return the conditions in force: the defaults until others were imported."""

    def in_force(self) -> Current:
        """Return the conditions in force with where they come from and what is wrong."""

    def history(self) -> tuple[Entry, ...]:
        """Return every version that was put in force, the newest first."""

    def change(self, edit: Callable[[Conditions], str], *, by: str, how: How) -> Changed:
        """Put the text that `edit` makes in force.

        ConditionsError with every fault, or UserError; what was in force then stays so.
        """

    def restore(self, version: str, *, by: str) -> Changed:
        """Put an earlier version in force again; its first characters will do."""


class DefaultConditions:
    """The conditions one starts with, where none are kept."""

    def current(self) -> Conditions:
        """Return the defaults."""
        from analytics.ballotage.reading import defaults

        return defaults()

    def in_force(self) -> Current:
        """Return the defaults."""
        return Current(self.current())

    def history(self) -> tuple[Entry, ...]:
        """There is none."""
        return ()

    def change(self, edit: Callable[[Conditions], str], *, by: str, how: How) -> Changed:
        """Refuse."""
        raise UserError("Nothing can be kept here: there is no home folder.")

    def restore(self, version: str, *, by: str) -> Changed:
        """Refuse."""
        raise UserError("Nothing can be kept here: there is no home folder.")


class OnFirstUse:
    """Conditions that are opened when they are first asked for: reading them takes libraries."""

    def __init__(self, make: Callable[[], ConditionsSource]) -> None:
        self._make = make
        self._made: ConditionsSource | None = None

    def _source(self) -> ConditionsSource:
        if self._made is None:
            self._made = self._make()
        return self._made

    def current(self) -> Conditions:
        """Return the conditions in force."""
        return self._source().current()

    def in_force(self) -> Current:
        """Return the conditions in force with where they come from and what is wrong."""
        return self._source().in_force()

    def history(self) -> tuple[Entry, ...]:
        """Return every version that was put in force, the newest first."""
        return self._source().history()

    def change(self, edit: Callable[[Conditions], str], *, by: str, how: How) -> Changed:
        """Put the text that `edit` makes in force."""
        return self._source().change(edit, by=by, how=how)

    def restore(self, version: str, *, by: str) -> Changed:
        """Put an earlier version in force again."""
        return self._source().restore(version, by=by)
