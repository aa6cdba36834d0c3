"""`/profile`: what sets top clients apart, in words that hold, and what the data cannot tell."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from analytics.snapshot import Snapshot
from bot.core.reply import Chart, Outcome, Reply, Table, plain_text
from bot.renderers import html, slack, teams, terminal
from tests.conftest import Ask, data, over
from tests.snapshots import make
from tests.unit.analytics.test_profile import company as made_company

SCHEMA = json.loads(
    (Path(__file__).parents[4] / "docs/schemas/profile.json").read_text(encoding="utf-8")
)


def words(reply: Reply) -> str:
    assert reply.outcome is Outcome.ANSWERED, plain_text(reply)
    jsonschema.Draft202012Validator(SCHEMA).validate(data(reply))
    return plain_text(reply)


def few(facts: dict[str, dict[str, Any]], large: int = 8, small: int = 40) -> Snapshot:
    """`large` clients of 10,000 and `small` ones of 10; facts by id."""
    sizes = [10_000] * large + [10] * small
    lines = [(f"c{i:03}", "2026-06-01", amount) for i, amount in enumerate(sizes)]
    return make(lines, customers=facts)  # type: ignore[arg-type]


async def test_what_sets_top_clients_apart_is_said_with_its_counts(tmp_path: Path) -> None:
    snapshot = made_company()
    reply = await over(snapshot, tmp_path)("/profile", locale="en")
    shown, found = words(reply), data(reply)
    best = found["traits"][0]
    assert (best["fact"], best["value"], best["clear"]) == ("segment", "techniek", True)
    line = next(row for row in shown.splitlines() if row.startswith("+ Sector Techniek:"))
    counts = re.search(r"(\d+) of (\d+) top clients, against (\d+) of the (\d+) others", line)
    assert counts is not None
    assert [int(n) for n in counts.groups()] == [
        best[k] for k in ("top", "top_known", "others", "others_known")
    ]
    assert f"{best['lift']:.1f} times as often ({best['lift_ci'][0]:.1f} to" in line
    assert best["top_known"] <= found["top_count"] < found["customers"]
    assert "The middle half of the top clients: employees" in shown
    headline = shown.splitlines()[1]
    assert "sector Techniek" in headline
    assert "Limburg" not in headline
    assert found["chance"]["trusted"] is True


async def test_clear_traits_come_first_and_each_once(ask: Ask) -> None:
    reply = await ask("/profile 20")
    found = data(reply)["traits"]
    assert found
    assert [t["clear"] for t in found] == sorted((t["clear"] for t in found), reverse=True)
    table = next(e for e in reply.elements if isinstance(e, Table) and "toeval" in e.caption)
    names = [row[0] for row in table.rows]
    assert len(names) == len(set(names))
    assert not {n.replace("(ja)", "(nee)") for n in names if "(ja)" in n} & set(names)
    chart = next(e for e in reply.elements if isinstance(e, Chart))
    for lift, low, high in zip(*(s.points for s in chart.series), strict=True):
        assert lift[0] == low[0] == high[0]
        assert 0 < low[1] < lift[1] < high[1]


async def test_the_dutch_reads_as_dutch(tmp_path: Path) -> None:
    shown = words(await over(made_company(), tmp_path)("/profiel"))
    assert "Wat jullie " in shown
    assert " keer zo vaak (" in shown
    assert not re.search(r"\b(top clients|others|times as|yes|no)\b", shown)


async def test_without_facts_it_names_the_columns_that_would_help(tmp_path: Path) -> None:
    reply = await over(few({}), tmp_path)("/profile", locale="en")
    shown = words(reply)
    assert "cannot be told" in shown
    assert "sector (segment), employees, source and region" in shown
    assert data(reply)["missing"] == ["segment", "employees", "source", "region"]
    assert not [e for e in reply.elements if isinstance(e, Chart | Table)]


@pytest.mark.parametrize("large", [1, 4])
async def test_few_top_clients_are_too_few(tmp_path: Path, large: int) -> None:
    facts = {f"c{i:03}": {"segment": "Bouw" if i < large else "Zorg"} for i in range(40)}
    reply = await over(few(facts, large), tmp_path)("/profile", locale="en")
    assert "too few to say what sets them apart" in words(reply)
    assert data(reply)["traits"] == []
    assert data(reply)["chance"]["trusted"] is False


async def test_where_nothing_differs_nothing_is_claimed(tmp_path: Path) -> None:
    facts = {f"c{i:03}": {"segment": ("Bouw", "Zorg")[i % 2]} for i in range(48)}
    reply = await over(few(facts), tmp_path)("/profile", locale="en")
    shown = words(reply)
    assert "Nothing clearly sets your 7 top clients apart from the 41 others" in shown
    assert not [line for line in shown.splitlines() if line.startswith(("+ ", "− "))]


async def test_what_top_clients_seldom_have_is_told_too(tmp_path: Path) -> None:
    facts = {f"c{i:03}": {"region": "Zeeland" if 20 < i < 90 else "Utrecht"} for i in range(120)}
    reply = await over(few(facts, 20, 100), tmp_path)("/profile", locale="en")
    assert "seldom region Zeeland" in words(reply)


async def test_years_and_bands_are_written_as_people_do(tmp_path: Path) -> None:
    snapshot = few({}, 20, 60)
    frame = snapshot.customers.copy()
    rows = range(len(frame))
    frame["employees"] = [float(1_000 + 10 * i) for i in rows]
    frame["facts"] = [json.dumps({"Opgericht in": str(1950 + i % 60)}) for i in rows]
    snapshot = dataclasses.replace(snapshot, customers=frame, _cache={})
    shown = words(await over(snapshot, tmp_path)("/profile 40", locale="en"))
    assert re.search(r"Opgericht in over 19\d\d\b", shown)
    assert "Employees up to 1,190" in shown
    assert "Employees 1,191 to 1,390" in shown


async def test_a_period_counts(company: Callable[..., Ask]) -> None:
    rows = [f"2025-03-{1 + i},c{i},{9000 if i < 6 else 10}" for i in range(25)]
    rows += [f"2026-03-{1 + i},c{i},{9000 if i > 18 else 10}" for i in range(25)]
    people = "".join(f"c{i},{'Bouw' if i < 6 else 'Zorg'}\n" for i in range(25))
    ask = company(
        invoices="date,customer_id,amount\n" + "\n".join(rows) + "\n",
        customers="customer_id,segment\n" + people,
    )
    earlier, later = data(await ask("/profile 2025")), data(await ask("/profile 2026"))
    of = {t["value"]: t for t in earlier["traits"]}
    assert (of["bouw"]["top"], of["bouw"]["others"]) == (5, 1)  # five of the six bring 80 %
    assert {t["value"]: t for t in later["traits"]}["bouw"]["top"] == 0


@pytest.mark.parametrize("customers", [1, 10_000])
async def test_it_fits_every_platform(tmp_path: Path, customers: int) -> None:
    facts = {
        f"c{i:05}": {"segment": f"Branche {i % 60}", "region": f"Regio {i % 12}", "source": "beurs"}
        for i in range(customers)
    }
    lines = [(f"c{i:05}", "2026-10-01", 5_000 if i % 60 == 7 else 20) for i in range(customers)]
    ask = over(make(lines, customers=facts), tmp_path)  # type: ignore[arg-type]
    for text in ("/profile", "/profile 500", "/profile how"):
        reply = await ask(text)
        words(reply)
        assert terminal.render(reply, width=80, plain=False, colour=False).strip()
        assert len(html.render(reply)) < 1_000_000
        assert slack.render(reply)["blocks"]
        assert len(json.dumps(teams.render(reply))) < 80_000


async def test_a_rep_who_sees_no_amounts_gets_no_amounts(tmp_path: Path) -> None:
    ask = over(made_company(4), tmp_path, rep_revenue="none")
    reply = await ask("/profile", role="sales", locale="en")
    assert data(reply)["top_revenue"] is None
    assert "Sector Techniek" in words(reply)
    assert (await ask("/profile how", role="sales")).outcome is Outcome.REFUSED
