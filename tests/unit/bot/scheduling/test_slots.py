"""Each ISO week has exactly one slot, whatever a zone does to its clocks."""

from __future__ import annotations

import datetime as dt
import os
import random
from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.scheduling.slots import IsoWeek, Rhythm, is_zone, zone_of

FIRST, LAST = IsoWeek(2019, 1), IsoWeek(2028, 52)
ZONES = sorted(available_timezones())
EVERY = os.environ.get("EVERY_ZONE") == "1"
SEED = 6


def some(count: int) -> list[str]:
    """All zones on demand (EVERY_ZONE=1); else a fixed sample and the odd ones out."""
    if EVERY:
        return ZONES
    odd = ["Australia/Lord_Howe", "Africa/Casablanca", "America/Sao_Paulo", "Asia/Gaza",
           "Pacific/Apia", "Pacific/Chatham", "Antarctica/Troll", "Europe/Amsterdam"]  # fmt: skip
    return sorted({*odd, *random.Random(SEED).sample(ZONES, count)})


@pytest.mark.parametrize("zone", some(20))
def test_each_week_of_ten_years_has_exactly_one_slot(zone: str) -> None:
    luck = random.Random(zone)
    tz = zone_of(zone)
    for rhythm in (
        Rhythm(zone=zone),
        Rhythm(6, dt.time(2, 30), zone),  # Sunday night, when clocks change
        Rhythm(luck.randrange(7), dt.time(luck.randrange(24), luck.randrange(60)), zone),
    ):
        weeks = FIRST.until(LAST)
        slots = [rhythm.slot(week) for week in weeks]
        assert slots == sorted(set(slots))
        for week, slot in zip(weeks, slots, strict=True):
            assert IsoWeek.of(slot.astimezone(tz).date()) == week
            local = slot.astimezone(tz)
            wanted = dt.datetime.combine(
                week.monday + dt.timedelta(days=rhythm.weekday), rhythm.time
            )
            if local.replace(tzinfo=None) != wanted:
                # Only where that wall time does not exist, and then right after the gap.
                naive = wanted.replace(tzinfo=tz)
                assert naive.astimezone(dt.UTC).astimezone(tz).replace(tzinfo=None) != wanted
                minute = dt.timedelta(minutes=1)
                earlier = (slot - minute).astimezone(tz)
                assert earlier.utcoffset() != local.utcoffset()


def test_a_year_of_53_weeks_has_53() -> None:
    weeks = [w for w in IsoWeek(2026, 1).until(IsoWeek(2026, 53)) if w.year == 2026]
    assert len(weeks) == 53
    assert str(weeks[-1].shifted(1)) == "2027-W01"
    assert IsoWeek.of(dt.date(2027, 1, 3)) == IsoWeek(2026, 53)


@given(st.dates(dt.date(1990, 1, 1), dt.date(2090, 1, 1)), st.integers(-300, 300))
def test_weeks_count_without_holes(day: dt.date, shift: int) -> None:
    week = IsoWeek.of(day)
    assert week.shifted(shift).shifted(-shift) == week
    assert IsoWeek.read(str(week)) == week
    assert week.monday <= day < week.shifted(1).monday


@pytest.mark.parametrize("label", ["2025-W53", "2026-W00", "2026-48", "", "2026-W54"])
def test_a_week_that_does_not_exist_is_refused(label: str) -> None:
    with pytest.raises(ValueError, match=r"ISO week|Invalid week"):
        IsoWeek.read(label)


def slot(zone: str, week: str, weekday: int, time: str) -> str:
    found = Rhythm(weekday, dt.time.fromisoformat(time), zone).slot(IsoWeek.read(week))
    return found.isoformat()


def test_in_a_gap_the_first_minute_after_it_counts() -> None:
    # 29 March 2026, 02:00 becomes 03:00.
    assert slot("Europe/Amsterdam", "2026-W13", 6, "02:30") == "2026-03-29T01:00:00+00:00"


def test_of_an_hour_that_comes_twice_the_first_counts() -> None:
    # 25 October 2026, 03:00 becomes 02:00.
    assert slot("Europe/Amsterdam", "2026-W43", 6, "02:30") == "2026-10-25T00:30:00+00:00"


def test_a_day_left_out_of_the_calendar_costs_no_slot() -> None:
    # Samoa had no 30 December 2011: a Friday.
    assert slot("Pacific/Apia", "2011-W52", 4, "08:30") == "2011-12-30T10:00:00+00:00"


def test_a_zone_that_does_not_exist_counts_as_the_fallback() -> None:
    week = IsoWeek(2026, 48)
    for wrong in ("Mars/Olympus", "", "Europe", "../etc/passwd", "x" * 300):
        assert not is_zone(wrong)
        ours = Rhythm(zone=wrong).slot(week, "Europe/Amsterdam")
        assert ours == Rhythm(zone="Europe/Amsterdam").slot(week)
    assert Rhythm(zone="Nowhere").slot(week, "Nowhere").hour == 8
