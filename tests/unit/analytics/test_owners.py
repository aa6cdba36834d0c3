"""Whose a deal is: e-mail, chat id and name are one person where the people table says so."""

from __future__ import annotations

import pandas as pd
import pytest

from analytics.owners import named, owners, person
from tests.snapshots import make

PEOPLE = [
    {"user": "Ann@x.example", "role": "sales", "name": "Ann  Smit"},
    {"user": "U1", "role": "sales", "name": "Bob de Boer"},
    {"user": "bob@x.example", "role": "sales", "name": "Bob de Boer"},
    {"user": "U9", "role": "mt", "name": None},
]
SNAPSHOT = make([("a", "2026-10-01", 1)], people=PEOPLE)


@pytest.mark.parametrize("user", ["u1", "BOB@X.example"])
def test_two_rows_of_one_name_are_one_person(user: str) -> None:
    found = person(SNAPSHOT, user)
    assert (found.name, found.known) == ("Bob de Boer", True)
    assert found.written == {"u1", "bob@x.example", "bob de boer"}


def test_who_has_no_name_goes_by_the_id_and_who_is_unknown_by_what_was_given() -> None:
    assert person(SNAPSHOT, "U9").written == {"u9"}
    stranger = person(SNAPSHOT, "eve@x.example")
    assert (stranger.known, stranger.written) == (False, {"eve@x.example"})
    assert person(make([("a", "2026-10-01", 1)]), "U1").known is False


def test_a_cell_means_the_person_however_it_is_written() -> None:
    cells = pd.Series(["ann@x.example", "ANN SMIT", "bob de boer", "Zoe", None, " "], dtype=object)
    found = owners(SNAPSHOT, cells)
    assert {k: o.name for k, o in found.items()} == {
        "ann@x.example": "Ann Smit",
        "ann smit": "Ann Smit",
        "bob de boer": "Bob de Boer",
        "zoe": "Zoe",
    }
    assert [o.name for o in named(found, "bo")] == ["Bob de Boer"]
    assert [o.name for o in named(found, "smit ann")] == ["Ann Smit"]
    assert [o.name for o in named(found, "u1")] == ["Bob de Boer"]
    assert named(found, "x") == ()
