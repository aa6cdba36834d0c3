"""`/pipeline` as reps and the MT ask it: verdicts, effort, whose deals, and what cannot be told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from bot.core.reply import Actions, Chart, Outcome, Reply, Section, Table, plain_text
from tests.architecture.test_commands import renders
from tests.conftest import Ask, data, over
from tests.snapshots import make

SCHEMA = json.loads(
    (Path(__file__).parents[4] / "docs" / "schemas" / "pipeline.json").read_text(encoding="utf-8")
)
INVOICES = "invoice_id,date,customer_id,amount\n" + "".join(
    f"{c}-{m},2026-{m:02}-15,{c},{amount}\n"
    for c, amount in (("c1", 9000), ("c2", 400), ("c3", 300))
    for m in (3, 9, 10)
)
CUSTOMERS = "customer_id,name,source\nc1,Alfa,netwerk\nc2,Bravo,beurs\nc3,Charlie,beurs\n"
HEAD = (
    "deal_id,status,created,prospect,amount,source,owner,"
    "decision_maker_met,delivery_fit,price_only,employees,years_in_business,budget_known\n"
)
GOOD, NO_VALUE, NO_BOSS = "ja,ja,nee,80,20,ja", "ja,nee,nee,80,20,ja", "nee,ja,nee,80,20,ja"
UNASKED = ",ja,nee,80,20,ja"
DEALS = HEAD + (
    f"d1,open,2026-09-01,Goed BV,1000,netwerk,ann@x.example,{GOOD}\n"
    f"d2,open,2026-10-01,Mager BV,2000,beurs,ann@x.example,{NO_VALUE}\n"
    f"d3,open,2026-01-01,Traag BV,3000,beurs,Bob de Boer,{NO_BOSS}\n"
    f"d4,open,2026-09-20,Bijna BV,4000,netwerk,Bob de Boer,{UNASKED}\n"
    f"d5,won,2026-01-05,Klaar BV,5000,netwerk,ann@x.example,{GOOD}\n"
    f"d6,open,2026-10-05,Wees BV,500,,,{GOOD}\n"
)
PEOPLE = """user,role,name
ann@x.example,sales,Ann Smit
bob@x.example,sales,Bob de Boer
U77,sales,Bob de Boer
"""
ACTIVITIES = """date,user,deal_id,minutes,kind
2026-09-02,ann@x.example,d1,30,call
2026-09-03,ann@x.example,d2,90,meeting
2026-10-03,ann@x.example,d2,60,meeting
2026-10-04,bob@x.example,d3,20,call
2026-10-05,bob@x.example,,400,trade_fair
2026-10-06,bob@x.example,d5,100,meeting
"""
TABLES = {"invoices": INVOICES, "customers": CUSTOMERS, "deals": DEALS, "people": PEOPLE}
Company = Callable[..., Ask]


def told(reply: Reply) -> str:
    return plain_text(reply).replace("\u00a0", " ")


def checked(reply: Reply) -> Any:
    found = data(reply)
    jsonschema.Draft202012Validator(SCHEMA).validate(found)
    return found


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return [row["deal_id"] for row in rows]


def buttons(reply: Reply) -> list[tuple[str, str]]:
    return [(b.label, b.text) for e in reply.elements if isinstance(e, Actions) for b in e.buttons]


async def test_every_verdict_is_the_one_qualify_gives(ask: Ask) -> None:
    found = checked(await ask("/pipeline more"))
    assert found["open_deals"] == len(found["rows"]) > 50
    assert sum(found["verdicts"].values()) == found["open_deals"]
    assert all(found["verdicts"].values())
    for row in found["rows"]:
        one = data(await ask(f"/qualify {row['deal_id']}"))
        assert one["verdict"] == row["verdict"], row
        assert (one["score"], one["fit"]) == pytest.approx((row["score"], row["fit"]), abs=1e-12)


async def test_facts_told_to_qualify_count_here_at_once(ask: Ask) -> None:
    before = checked(await ask("/pipeline 500"))
    declined = next(r for r in before["rows"] if r["verdict"] == "decline")
    again = await ask(f"/qualify {declined['deal_id']} delivery_fit=yes remember")
    after = checked(await ask("/pipeline 500"))
    now = next(r for r in after["rows"] if r["deal_id"] == declined["deal_id"])
    assert now["verdict"] == data(again)["verdict"] != "decline"
    assert after["verdicts"]["decline"] == before["verdicts"]["decline"] - 1


@pytest.mark.parametrize("locale", ["nl", "en"])
async def test_what_it_says_of_a_small_pipeline(company: Company, locale: str) -> None:
    reply = await company(**TABLES, activities=ACTIVITIES)("/pipeline", locale=locale)
    found = checked(reply)
    assert found["verdicts"] == {"admit": 2, "waitlist": 2, "decline": 1}
    assert (found["value"], found["declined_value"]) == (10_500, 2_000)
    assert found["declined_value_share"] == pytest.approx(2_000 / 10_500)
    assert found["effort"] == {
        "unit": "minutes",
        "total": 200,
        "deals": 3,
        "by_verdict": {"admit": 30, "waitlist": 20, "decline": 150},
        "declined_share": 0.75,
    }
    channels = {r["channel"]: r for r in found["channels"]}
    assert channels["event"]["effort"] == 170
    assert channels["network"]["top_revenue_share"] == 1.0
    assert channels["event"]["top_revenue_share"] == 0.0
    assert ids(found["drop"]) == ["d2", "d3"]
    assert ids(found["double_down"]) == ["d1", "d6", "d4"]
    assert found["double_down"][2]["needs"] == {
        "fact": "decision_maker_met",
        "value": "yes",
        "verdict": "admit",
    }
    assert ids(found["rows"]) == ["d4", "d3", "d2", "d1", "d6"]
    question = {
        "nl": "Wie beslist hierover, en wanneer zitten we samen?",
        "en": "Who decides on this, and when do we sit down together?",
    }
    assert question[locale] in told(reply)
    assert [text for _label, text in buttons(reply)] == [
        f"/qualify {i}" for i in ("d2", "d3", "d1", "d6", "d4")
    ]
    for _label, text in buttons(reply):
        assert text.startswith("/qualify ")


async def test_the_one_answer_it_names_really_admits(ask: Ask) -> None:
    owners = {r["owner"] for r in data(await ask("/pipeline 500"))["rows"]}
    tried = 0
    for owner in sorted(owners):
        for one in checked(await ask(f"/pipeline owner {owner}"))["double_down"]:
            if one["needs"] is None:
                assert one["verdict"] == "admit"
                continue
            tried += 1
            line = f'/qualify {one["deal_id"]} {one["needs"]["fact"]}="{one["needs"]["value"]}"'
            assert data(await ask(line))["verdict"] == "admit"
    assert tried


async def test_minutes_count_where_most_have_them_else_the_number(company: Company) -> None:
    few = ACTIVITIES.replace(",90,", ",,").replace(",20,", ",,")
    reply = await company(**TABLES, activities=few)("/pipeline", locale="en")
    found = checked(reply)
    assert found["effort"]["unit"] == "activities"
    assert found["effort"]["by_verdict"] == {"admit": 1, "waitlist": 1, "decline": 2}
    assert "Effort: 4 activities on 3 of these deals" in told(reply)
    assert "hours" not in told(reply)


async def test_activities_without_minutes_are_named_where_minutes_count(company: Company) -> None:
    more = ACTIVITIES + "2026-10-07,bob@x.example,d3,10,call\n2026-10-08,bob@x.example,d3,,call\n"
    reply = await company(**TABLES, activities=more)("/pipeline", locale="en")
    assert checked(reply)["effort"]["total"] == 210
    assert "1 activity without minutes is not in the effort." in told(reply)


async def test_without_activities_it_says_which_table_opens_this(company: Company) -> None:
    reply = await company(**TABLES)("/pipeline", locale="en")
    found = checked(reply)
    assert found["effort"] is None
    assert found["missing_tables"] == ["activities"]
    assert "The activities table opens that: date, user, deal_id, minutes." in told(reply)
    assert "hours" not in told(reply)
    assert "Of the effort" not in told(reply)


async def test_activities_on_no_open_deal_are_not_guessed(company: Company) -> None:
    loose = (
        "date,user,deal_id,minutes\n2026-10-05,bob@x.example,,400\n2026-10-05,bob@x.example,d5,9\n"
    )
    reply = await company(**TABLES, activities=loose)("/pipeline", locale="en")
    assert checked(reply)["effort"] is None
    assert "None of the activities is on one of these deals" in told(reply)


@pytest.mark.parametrize(
    ("user", "mine"),
    [
        ("ann@x.example", ["d1", "d2"]),
        ("ANN@x.example", ["d1", "d2"]),
        ("bob@x.example", ["d3", "d4"]),  # the deals have his name, the people table ties the two
        ("U77", ["d3", "d4"]),
        ("Bob de Boer", ["d3", "d4"]),
    ],
)
async def test_a_rep_sees_own_deals_alone(company: Company, user: str, mine: list[str]) -> None:
    ask = company(**TABLES, activities=ACTIVITIES)
    reply = await ask("/pipeline", role="sales", user=user, locale="en")
    found = checked(reply)
    assert found["mine"]
    assert sorted(ids(found["rows"])) == mine
    shown = told(reply)
    for name, deal in (("Goed", "d1"), ("Mager", "d2"), ("Traag", "d3"), ("Bijna", "d4")):
        assert (name in shown) is (deal in mine)
    assert "1 open deal has no owner; the column owner" in shown
    assert "your open deals" in shown


async def test_a_rep_may_not_ask_for_a_colleagues_deals(company: Company) -> None:
    ask = company(**TABLES)
    refused = await ask("/pipeline owner Bob", role="sales", user="ann@x.example")
    assert refused.outcome is Outcome.REFUSED
    assert not {"Traag BV", "d3"} & set(told(refused).split())
    own = await ask("/pipeline owner Ann", role="sales", user="ann@x.example")
    assert sorted(ids(checked(own)["rows"])) == ["d1", "d2"]


async def test_who_is_not_in_the_people_table_is_told_how_to_mend_it(company: Company) -> None:
    reply = await company(**TABLES)("/pipeline", role="sales", user="new@x.example", locale="en")
    found = checked(reply)
    assert (found["open_deals"], found["rows"], found["drop"]) == (0, [], [])
    assert "new@x.example is not in the people table" in told(reply)
    assert "the column name" in told(reply)
    assert "Goed BV" not in told(reply)


async def test_who_is_in_it_but_owns_nothing_is_told_which_column(company: Company) -> None:
    people = PEOPLE + "eve@x.example,sales,Eve Vos\n"
    ask = company(**(TABLES | {"people": people}))
    reply = await ask("/pipeline", role="sales", user="eve@x.example", locale="en")
    assert "the column owner of the deals table holds eve@x.example or Eve Vos" in told(reply)


async def test_deals_without_any_owner_are_nobodys(company: Company) -> None:
    bare = "deal_id,status,created,prospect\nd1,open,2026-09-01,Goed BV\n"
    ask = company(**(TABLES | {"deals": bare}))
    reply = await ask("/pipeline", role="sales", user="ann@x.example", locale="en")
    assert "the column owner of the deals table is empty" in told(reply)
    assert "Goed BV" in told(await ask("/pipeline", locale="en"))
    filtered = await ask("/pipeline owner Ann", locale="en")
    assert filtered.outcome is Outcome.WRONG_REQUEST
    assert "Fill the column owner" in told(filtered)


@pytest.mark.parametrize("line", ["/pipeline owner Bob", "/pijplijn 3 eigenaar bob de boer",
                                  "/pipeline owner=bob@x.example", "/pipeline boer"])  # fmt: skip
async def test_the_mt_can_ask_for_one_owner(company: Company, line: str) -> None:
    found = checked(await company(**TABLES)(line))
    assert (found["owner"], found["mine"]) == ("Bob de Boer", False)
    assert sorted(ids(found["rows"])) == ["d3", "d4"]


async def test_an_owner_nobody_is_and_one_that_may_be_two(company: Company) -> None:
    ask = company(**(TABLES | {"deals": DEALS.replace("ann@x.example", "Bob Bos")}))
    wrong = await ask("/pipeline owner Zoe", locale="en")
    assert wrong.outcome is Outcome.WRONG_REQUEST
    assert "Owners are: Bob Bos, Bob de Boer." in told(wrong)
    which = await ask("/pipeline owner bob")
    assert checked(which) == {"candidates": ["Bob Bos", "Bob de Boer"]}
    for (_label, text), deals in zip(buttons(which), (["d1", "d2"], ["d3", "d4"]), strict=True):
        assert sorted(ids(checked(await ask(text))["rows"])) == deals
    assert (await ask("/pipeline stage=won")).outcome is Outcome.WRONG_REQUEST
    assert (await ask("/pipeline owner")).outcome is Outcome.WRONG_REQUEST


async def test_without_amounts_nothing_is_said_of_value(company: Company) -> None:
    lines = [line.split(",") for line in DEALS.splitlines()]
    bare = "\n".join(",".join([*c[:4], *c[5:]]) for c in lines) + "\n"
    reply = await company(**(TABLES | {"deals": bare}))("/pipeline", locale="en")
    found = checked(reply)
    assert (found["value"], found["declined_value"], found["declined_value_share"]) == (None,) * 3
    assert "No amounts are known: the column amount" in told(reply)
    assert "of the value (" not in told(reply)
    few = DEALS.replace(",2000,", ",,").replace(",3000,", ",,")
    reply = await company(**(TABLES | {"deals": few}))("/pipeline", locale="en")
    assert "An amount is known of 3 of them" in told(reply)
    assert checked(reply)["declined_value_share"] is None


async def test_none_is_invented_where_there_are_fewer(company: Company) -> None:
    waiting = HEAD + "d1,open,2026-10-01,Stil BV,1000,beurs,ann@x.example,,,,80,20,ja\n"
    reply = await company(**(TABLES | {"deals": waiting}))("/pipeline", locale="en")
    found = checked(reply)
    assert (found["drop"], found["double_down"]) == ([], [])
    assert "Nothing to let go" in told(reply)
    assert "None to double down on yet" in told(reply)
    assert "1 open deal: 0 admitted, 1 on the waiting list, 0 declined." in told(reply)


async def test_a_known_no_must_turn_an_unknown_one_be_answered(company: Company) -> None:
    deals = HEAD + (
        f"d1,open,2026-10-01,Vraag BV,1000,netwerk,ann@x.example,{UNASKED}\n"
        f"d2,open,2026-10-01,Nee BV,9000,netwerk,ann@x.example,{NO_BOSS}\n"
    )
    ask = company(**(TABLES | {"deals": deals}))
    reply = await ask("/pipeline", locale="en")
    assert ids(checked(reply)["double_down"]) == ["d1", "d2"]
    lines = [line for line in told(reply).splitlines() if line.startswith("+ ")]
    assert "One answer from being let in, decision maker met: yes." in lines[0]
    assert "Let in once this turns, decision maker met: yes." in lines[1]


@pytest.mark.parametrize("role", ["sales", "mt"])
async def test_no_deals_table_and_no_open_deal(company: Company, role: str) -> None:
    tables = {k: v for k, v in TABLES.items() if k != "deals"}
    reply = await company(**tables)("/pipeline", role=role, user="ann@x.example", locale="en")
    assert "load deals=FILE" in told(reply)
    assert checked(reply)["missing_tables"] == ["deals", "activities"]
    closed = HEAD + f"d5,won,2026-01-05,Klaar BV,5000,netwerk,ann@x.example,{GOOD}\n"
    ask = company(**(TABLES | {"deals": closed}))
    reply = await ask("/pipeline", role=role, user="ann@x.example", locale="en")
    assert "There is no open deal" in told(reply)
    renders(reply)


async def test_as_of_an_earlier_day(company: Company) -> None:
    import datetime as dt

    ask = company(**TABLES, activities=ACTIVITIES)
    reply = await ask("/pipeline", as_of=dt.date(2026, 9, 25))
    found = checked(reply)
    assert sorted(ids(found["rows"])) == ["d1", "d3", "d4"]
    assert found["effort"]["total"] == 30
    assert reply.as_of == dt.date(2026, 9, 25)
    assert {r["deal_id"]: r["days_open"] for r in found["rows"]}["d4"] == 5


@pytest.mark.parametrize("detail", ["bands", "none"])
async def test_amounts_are_reduced_for_a_rep_and_whole_for_the_mt(
    company: Company, detail: str
) -> None:
    ask = company(**TABLES, activities=ACTIVITIES, settings={"rep_revenue": detail})
    reply = await ask("/pipeline", role="sales", user="ann@x.example", locale="en")
    found = checked(reply)
    assert (found["value"], found["declined_value"]) == (None, None)
    assert {r["amount"] for r in found["rows"]} == {None}
    assert "€1,000," not in told(reply)
    assert "€3,000" not in told(reply)
    assert ("€" in told(reply)) is (detail == "bands")
    assert "€1,000" in told(await ask("/pipeline", locale="en"))


@pytest.mark.parametrize("count", [0, 1, 10_000])
async def test_it_renders_with_0_1_and_10_000_open_deals(count: int, tmp_path: Path) -> None:
    deals = [
        {"deal_id": f"d{i}", "status": "open", "created": "2026-09-01", "amount": 100 + i % 7,
         "source": "beurs" if i % 2 else "netwerk"}
        for i in range(count)
    ]  # fmt: skip
    ask = over(make([("a", "2026-10-01", 100), ("b", "2026-10-01", 50)], deals=deals), tmp_path)
    for text in ("/pipeline", "/pipeline more"):
        reply = await ask(text)
        found = checked(reply)
        assert found["open_deals"] == count
        assert len(found["rows"]) == min(count, 500 if "more" in text else 10)
        renders(reply)
        charts = [e for e in reply.elements if isinstance(e, Chart)]
        assert len(charts) == (1 if count and text == "/pipeline" else 0)
        for chart in charts:
            total = sum(y for series in chart.series for _x, y in series.points)
            assert total == pytest.approx(1.0)


async def test_more_shows_the_rest_of_the_table(ask: Ask) -> None:
    first = await ask("/pipeline 4", locale="en")
    tables = [e for e in first.elements if isinstance(e, Table)]
    assert [len(t.rows) for t in tables[1:]] == [4]
    assert tables[1].total_rows == data(first)["open_deals"]
    more = next(text for label, text in buttons(first) if label == "More")
    rest = await ask(more, locale="en")
    assert len(data(rest)["rows"]) == data(first)["open_deals"]
    assert not any("go:" in e.text for e in rest.elements if isinstance(e, Section))
