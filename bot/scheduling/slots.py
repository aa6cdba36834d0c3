"""When a person's weekly nudge is due: one moment an ISO week, in their own time zone.

Pure: a week, a weekday, a wall time and a zone give a moment. What a clock change takes away or
doubles does not change how many slots there are: a wall time that does not exist moves to the
first one that does, and of one that comes twice the first counts.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

MINUTE = dt.timedelta(minutes=1)
WEEK = dt.timedelta(weeks=1)
_LABEL = re.compile(r"(\d{4})-W(\d{2})")


@dataclass(frozen=True, slots=True, order=True)
class IsoWeek:
    """A week of the ISO calendar; a year has 52 of them, or 53."""

    year: int
    number: int

    @classmethod
    def of(cls, day: dt.date) -> IsoWeek:
        """The week a day lies in."""
        found = day.isocalendar()
        return cls(found.year, found.week)

    @classmethod
    def read(cls, label: str) -> IsoWeek:
        """The week of `2026-W48`. ValueError for anything else."""
        match = _LABEL.fullmatch(label)
        if match is None:
            raise ValueError(f"{label!r} is no ISO week")
        return cls.of(dt.date.fromisocalendar(int(match[1]), int(match[2]), 1))

    @property
    def monday(self) -> dt.date:
        """Its first day."""
        return dt.date.fromisocalendar(self.year, self.number, 1)

    def shifted(self, weeks: int) -> IsoWeek:
        """So many weeks later, or earlier."""
        return IsoWeek.of(self.monday + weeks * WEEK)

    def until(self, last: IsoWeek) -> tuple[IsoWeek, ...]:
        """This week and those after it, up to and including `last`."""
        count = (last.monday - self.monday).days // 7
        return tuple(self.shifted(i) for i in range(count + 1))

    def __str__(self) -> str:
        return f"{self.year:04}-W{self.number:02}"


@dataclass(frozen=True, slots=True)
class Rhythm:
    """When somebody wants their nudge. weekday: 0 is Monday; time: wall time, whole minutes."""

    weekday: int = 0
    time: dt.time = dt.time(8, 30)
    zone: str = "Europe/Amsterdam"

    @classmethod
    def read(cls, text: str) -> Rhythm:
        """The rhythm that `str` gave. ValueError for anything else."""
        weekday, time, zone = text.split(" ", 2)
        return cls(int(weekday), dt.time.fromisoformat(time), zone)

    def __str__(self) -> str:
        return f"{self.weekday} {self.time:%H:%M} {self.zone}"

    def local(self, now: dt.datetime, fallback: str = "UTC") -> dt.datetime:
        """A moment as the person's clock shows it."""
        return now.astimezone(zone_of(self.zone, fallback))

    def week(self, now: dt.datetime, fallback: str = "UTC") -> IsoWeek:
        """The ISO week it is where the person is."""
        return IsoWeek.of(self.local(now, fallback).date())

    def slot(self, week: IsoWeek, fallback: str = "UTC") -> dt.datetime:
        """The moment (UTC) of a week's slot; an unknown zone counts as `fallback`."""
        day = week.monday + dt.timedelta(days=self.weekday)
        return moment(day, self.time, zone_of(self.zone, fallback), week)


def is_zone(name: str) -> bool:
    """Whether that is the name of a time zone."""
    return _zone(name) is not None


def zone_of(name: str, fallback: str = "UTC") -> dt.tzinfo:
    """The zone of that name, else the fallback's, else UTC."""
    return _zone(name) or _zone(fallback) or dt.UTC


@lru_cache(maxsize=1_024)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None  # zoneinfo raises OSError for the name of a folder, as `Europe`


def moment(day: dt.date, time: dt.time, zone: dt.tzinfo, week: IsoWeek) -> dt.datetime:
    """The moment (UTC) a wall time stands for: in a gap the first one after it, twice the first.

    Where the gap swallows the rest of the week (a day left out of the calendar), the last minute
    before it, so that every week keeps its slot.
    """
    wanted = dt.datetime.combine(day, time, tzinfo=zone)
    found = wanted.astimezone(dt.UTC)
    if found.astimezone(zone).replace(tzinfo=None) == wanted.replace(tzinfo=None):
        return found
    # In a gap: read with the offset after it the moment lies before the change, and the other
    # way round. In between is the change itself.
    before = wanted.replace(fold=1).astimezone(dt.UTC)
    after = found
    new_offset = after.astimezone(zone).utcoffset()
    while after - before > dt.timedelta(seconds=1):
        middle = before + (after - before) // 2
        if middle.astimezone(zone).utcoffset() == new_offset:
            after = middle
        else:
            before = middle
    change = after.replace(microsecond=0)
    if IsoWeek.of(change.astimezone(zone).date()) != week:
        return change - MINUTE
    return change
