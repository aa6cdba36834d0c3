"""The conditions in force: the file in the home folder, its versions, and going back to one."""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from analytics.ballotage.conditions import COMPUTED, Conditions
from analytics.ballotage.expression import FactType
from analytics.ballotage.nodes import ConditionsError
from analytics.ballotage.reading import CONTRACT, defaults, read
from bot.condition_files import ConditionFiles, Stamp, version_of
from bot.core.conditions import Changed, Current, Entry, How
from bot.core.services import utc_now
from bot.errors import UserError

if TYPE_CHECKING:
    from analytics.snapshot import Snapshot

log = logging.getLogger("ballotage.conditions")

DEFAULTS = frozenset({"defaults", "default", "standaard"})
"""What one calls the conditions one starts with."""
SHORTEST = 4
"""Characters of a version that name it."""
SOON = 1.0
"""Seconds that noting an edit by hand waits for a writer; the next look tries again."""
FactTypes = Mapping[str, FactType]


@dataclass(frozen=True, slots=True)
class _Held:
    seen: tuple[Stamp, object]
    found: Current


class StoredConditions:
    """The conditions of a home. Asked often, it looks at the file's date and no further.

    known: the facts of the company's own data. data: changes when those do. notes: whether an edit
    by hand becomes a version; who only examines a home writes nothing.
    """

    def __init__(
        self,
        home: Path,
        known: Callable[[], FactTypes] = dict,
        *,
        data: Callable[[], object] = lambda: None,
        clock: Callable[[], dt.datetime] = utc_now,
        notes: bool = True,
    ) -> None:
        self._files = ConditionFiles(home)
        self._known = known
        self._data = data
        self._clock = clock
        self._notes = notes
        self._held: _Held | None = None
        self._lock = threading.RLock()

    def current(self) -> Conditions:
        """Return the conditions in force."""
        return self.in_force().conditions

    @property
    def problem(self) -> ConditionsError | None:
        """Why the file as it now stands is not in force, None where it is."""
        return self.in_force().problem

    def in_force(self) -> Current:
        """Return the conditions in force with where they come from and what is wrong."""
        seen = (self._files.stamp(), self._data())
        held = self._held
        if held is None or held.seen != seen:
            with self._lock:
                held = self._held
                if held is None or held.seen != seen:
                    held = self._held = _Held(seen, self._look())
        return held.found

    def history(self) -> tuple[Entry, ...]:
        """Return every version that was put in force, the newest first."""
        self.in_force()  # an edit by hand becomes a version once it is noticed
        return tuple(reversed(self._files.journal()))

    def check(self, text: str) -> Conditions:
        """Read a text as it would be taken here. ConditionsError with every fault."""
        return read(text, self._known())

    def change(self, edit: Callable[[Conditions], str], *, by: str, how: How) -> Changed:
        """Put the text that `edit` makes in force."""
        with self._lock, self._files.writing():
            now = self._look()
            if now.problem is not None and how is How.CHAT:
                raise UserError(
                    "conditions.yaml was edited by hand and cannot be used: {problem} Mend that file "
                    "first, or go back with: /conditions restore {version}",
                    problem=now.problem.problems[0],
                    version=now.conditions.version,
                )
            known = self._known()
            if how is How.CHAT and now.entry is not None:
                # One condition is changed: another that uses what the data lost is left alone.
                known = {**known, **_types(now.entry)}
            return self._put(now, read(edit(now.conditions), known), known, by, how)

    def restore(self, version: str, *, by: str) -> Changed:
        """Put an earlier version in force again; its first characters will do."""
        with self._lock, self._files.writing():
            now = self._look()
            text, known = self._earlier(version)
            return self._put(now, read(text, known), known, by, How.RESTORE)

    def forget(self, user: str) -> int:
        """Take a person's name out of the history; how many versions had it."""
        return self._files.forget(user)

    def changed_by(self, user: str) -> list[dict[str, str]]:
        """What a person put in force, as plain values."""
        return [
            {"version": e.version, "how": e.how.value, "at": e.at.isoformat()}
            for e in self._files.journal()
            if user and e.by == user
        ]

    # Within the lock

    def _look(self) -> Current:
        if self._notes and self._files.unsettled:
            try:
                with self._files.writing(SOON):
                    pass
            except UserError:
                log.info("conditions.busy")
        journal = self._files.journal()
        last = journal[-1] if journal else None
        try:
            text = self._files.in_force()
        except ConditionsError as error:
            return self._fallen_back(journal, error)
        if text is None:
            text = defaults().text
        version = version_of(text)
        if last is None and version == defaults().version:
            return Current(defaults())
        if last is not None and last.version == version:
            try:
                return self._accepted(text, last)
            except ConditionsError as error:
                return self._fallen_back(journal[:-1], error)
        known = self._known()
        try:
            found = read(text, known)
        except ConditionsError as error:
            return self._fallen_back(journal, error)
        entry = self._entry(found, known, "", How.HAND)
        return Current(found, self._noted(text, entry) if self._notes else entry)

    def _accepted(self, text: str, entry: Entry) -> Current:
        """A version taken earlier: it stays readable when the data loses a fact it uses."""
        types = _types(entry)
        found = read(text, types)
        known = self._known() if types else {}
        return Current(found, entry, gone=tuple(name for name in types if name not in known))

    def _fallen_back(self, journal: list[Entry], problem: ConditionsError) -> Current:
        """The last good version, since the file as it stands cannot be used."""
        for entry in reversed(journal):
            text = self._files.text_of(entry.version)
            if text is None:
                continue
            try:
                found = self._accepted(text, entry)
            except ConditionsError:
                continue
            return Current(found.conditions, entry, problem, found.gone)
        return Current(defaults(), None, problem)

    def _noted(self, text: str, entry: Entry) -> Entry:
        """Keep what was edited by hand as a version; where that fails it is in force all the same."""
        try:
            with self._files.writing(SOON):
                journal = self._files.journal()
                if journal and journal[-1].version == entry.version:
                    return journal[-1]  # another process was first
                self._files.note(text, entry)
        except UserError as error:
            log.warning("conditions.not_noted version=%s reason=%s", entry.version, error)
        else:
            log.info("conditions.edited_by_hand version=%s", entry.version)
        return entry

    def _put(self, now: Current, after: Conditions, known: FactTypes, by: str, how: How) -> Changed:
        if after.version == now.conditions.version and now.problem is None:
            return Changed(now.conditions, now.conditions, None)
        aside = self._files.set_aside() if now.problem is not None else None
        entry = self._entry(after, known, by, how)
        self._files.publish(after.text, entry)
        self._held = None
        log.info("conditions.changed version=%s how=%s", entry.version, how.value)
        return Changed(now.conditions, after, entry, aside)

    def _earlier(self, wanted: str) -> tuple[str, FactTypes]:
        """The text of an earlier version, with the facts it was read with."""
        first, word = defaults(), wanted.strip().lower()
        known = self._known()
        if word in DEFAULTS:
            return first.text, known
        entries = {entry.version: entry for entry in self._files.journal()}
        found = [
            version
            for version in dict.fromkeys((*entries, first.version))
            if len(word) >= SHORTEST and version.startswith(word)
        ]
        if not found:
            raise UserError(
                "There is no version {version}; /conditions history shows them all.",
                version=wanted[:20],
            )
        if len(found) > 1:
            raise UserError(
                "{version} can be more than one version; give more characters of it.",
                version=wanted[:20],
            )
        text = first.text if found[0] == first.version else self._files.text_of(found[0])
        if text is None:
            raise UserError(
                "The text of version {version} is lost or damaged; choose another one.",
                version=found[0],
            )
        entry = entries.get(found[0])
        return text, {**known, **(_types(entry) if entry else {})}

    def _entry(self, conditions: Conditions, known: FactTypes, by: str, how: How) -> Entry:
        used = {
            name
            for expression in (
                *(c.when for c in conditions.items),
                *(f.is_ for f in conditions.facts.values() if f.is_ is not None),
            )
            for name in conditions.plain_facts(expression)
            if name not in CONTRACT and name not in COMPUTED and name not in conditions.facts
        }
        facts = {name: known[name].value for name in sorted(used) if name in known}
        return Entry(conditions.version, how, self._clock(), by, facts)


def _types(entry: Entry) -> dict[str, FactType]:
    kinds = {kind.value: kind for kind in FactType}
    return {name: kinds[kind] for name, kind in entry.facts.items() if kind in kinds}


def stored(
    home: Path,
    snapshot: Callable[[], Snapshot | None],
    *,
    data: Callable[[], object] = lambda: None,
    clock: Callable[[], dt.datetime] = utc_now,
    notes: bool = True,
) -> StoredConditions:
    """The conditions of a home, over the facts of its Snapshot where there is one."""

    def known() -> FactTypes:
        from analytics.ballotage.data_facts import fact_types

        found = snapshot()
        return {} if found is None else fact_types(found)

    return StoredConditions(home, known, data=data, clock=clock, notes=notes)
