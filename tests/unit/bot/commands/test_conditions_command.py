"""`/conditions`: reading, changing by who may, and going back, as people type and press it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from analytics.ballotage.reading import defaults, read
from bot.adapters.teams.presses import command_line
from bot.core.reply import Actions, Form, Outcome, Reply, plain_text
from tests.conftest import Ask, data

FIRST = defaults()
PEOPLE = "user;role;name\ntester@demo.example;mt;Tess Ter\nkees@x.nl;admin;Kees Huis\n"


@pytest.fixture
def ask(company: Callable[..., Ask]) -> Ask:
    return company(invoices="customer_id;date;amount\na;2026-10-01;100\n", people=PEOPLE)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home0" / "conditions.yaml"


def condition(reply: Reply, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(c for c in data(reply)["conditions"] if c["id"] == name)
    return found


def buttons(reply: Reply) -> dict[str, str]:
    rows = [e.buttons for e in reply.elements if isinstance(e, Actions)]
    return {b.label: b.text for row in rows for b in row}


def form_of(reply: Reply) -> Form:
    return next(e for e in reply.elements if isinstance(e, Form))


async def test_lists_musts_first_with_what_each_rests_on(ask: Ask) -> None:
    """Everybody who may see revenue reads them; only mt and admin get a button to change."""
    reply = await ask("/voorwaarden", role="sales")
    found = data(reply)["conditions"]
    assert [c["level"] for c in found] == ["must"] * 3 + ["should"] * 7
    assert found[0]["on_miss"] == "decline"
    assert len(reply.citations) == 10
    text = plain_text(reply)
    for each in FIRST.items:
        assert each.title["nl"] in text
        assert " ".join(each.written.split()) in text
        assert f"[{each.id}]" in text
    assert "wijzig" not in text.lower()
    assert not data(reply)["may_change"]
    for role in ("mt", "admin"):
        assert "/conditions set" in buttons(await ask("/conditions", role=role)).values()


@pytest.mark.parametrize(
    "text", ["/conditions set budget weight=3", "/voorwaarden herstel defaults", "/conditions set"]
)
async def test_a_rep_is_told_whom_to_ask(ask: Ask, path: Path, text: str) -> None:
    """Nothing is changed."""
    reply = await ask(text, role="sales", locale="en")
    assert reply.outcome is Outcome.REFUSED
    assert "change the conditions" in plain_text(reply)
    assert "Kees Huis" in plain_text(reply)
    assert not path.exists()


async def test_a_change_is_written_and_can_be_undone(ask: Ask, path: Path) -> None:
    """The text of that condition alone, with who and when in the history."""
    typed = 'level=must on_miss=waitlist when="budget_known and known(employees)"'
    reply = await ask(f"/conditions set budget {typed}", locale="en")
    assert condition(reply, "budget")["on_miss"] == "waitlist"
    assert [c["key"] for c in data(reply)["changes"]] == ["level", "on_miss", "weight", "when"]
    kept = path.read_text(encoding="utf-8")
    assert read(kept).version == data(reply)["version"]
    assert kept.replace("level: must\n    on_miss: waitlist\n    weight: 2\n    when: budget_known and "
                        "known(employees)", "level: should\n    weight: 2\n    when: budget_known"
                        ) == FIRST.text  # fmt: skip
    history = await ask("/conditions history", locale="en")
    (entry,) = data(history)["history"]
    assert (entry["how"], entry["by"]) == ("chat", "tester@demo.example")
    assert "Tess Ter" in plain_text(history)
    back = await ask(buttons(reply)["Undo"], locale="en")
    assert data(back)["version"] == FIRST.version
    assert path.read_text(encoding="utf-8") == FIRST.text
    assert data(await ask("/conditions"))["how"] == "restore"


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("budget weight=4", {"weight": 4}),
        ("BUDGET gewicht=2,5", {"weight": 2.5}),
        ("The budget is known weight=4", {"weight": 4}),
        ("weight=4 budget", {"weight": 4}),
        ("id=budget weight=4", {"weight": 4}),
        ("budget when=employees > 5 and budget_known weight=4", {"when": "employees > 5 and budget_known"}),
        ('budget when="segment in ("a", "b")" weight=4', {"when": 'segment in ("a", "b")', "weight": 4}),
        ("budget when='segment = \"a\"'", {"when": 'segment = "a"'}),
        ('budget when="segment = \\"a b\\""', {"when": 'segment = "a b"'}),
        ("budget als=budget_known en employees > 5", {"when": "budget_known en employees > 5"}),
        ("budget level=afwijzen", {"level": "must", "on_miss": "decline"}),
        ("budget level=waitlist", {"level": "must", "on_miss": "waitlist"}),
        ("decision-maker level=should", {"id": "decision-maker", "level": "should", "on_miss": None}),
        ("budget when=history > 5 or budget_known", {"error": "history"}),
    ],
)  # fmt: skip
async def test_is_typed_in_many_ways(ask: Ask, typed: str, expected: dict[str, Any]) -> None:
    """Quotes inside quotes, no quotes, Dutch keys, any order."""
    reply = await ask(f"/conditions set {typed}", locale="en")
    if "error" in expected:
        assert "the fact 'history' is not known" in data(reply)["error"]
        return
    assert reply.outcome is Outcome.ANSWERED, plain_text(reply)
    found = condition(reply, expected.get("id", "budget"))
    assert found == found | expected


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("buget weight=3", "did you mean budget?"),
        ("zzz weight=3", "There are: decision-maker"),
        ("weight=3", "Change which condition?"),
        ("budget wieght=3", "I do not know wieght here; use weight"),
        ("budget weight=heavy", "a weight is a number from 0 to 100, not 'heavy'. Nothing was changed."),
        ("budget weight=101", "a weight is a number from 0 to 100"),
        ("budget level=perhaps", "level is must or should"),
        ("budget on_miss=never", "on_miss is decline or waitlist"),
        ("budget level=must", "a must says what missing it means"),
        ("budget on_miss=decline", "on_miss goes with a must"),
        ('budget when="budget_known and"', "it stops too early"),
        ('budget when="budget_knwn"', "did you mean 'budget_known'?"),
        ("came-in-warm level=decline", "channel is never a must"),
        ("budget level=decline when=price_only", "nobody can meet these musts together"),
        ("budget when=employees > 5 and employees < 3", "nobody can ever meet"),
        ("budget when=__import__('os').system('x')", "is not understood here"),
    ],
)  # fmt: skip
async def test_what_cannot_be_is_refused_and_changes_nothing(
    ask: Ask, path: Path, typed: str, said: str
) -> None:
    """In one line that says how to mend it."""
    reply = await ask(f"/conditions set {typed}", locale="en")
    assert reply.outcome is Outcome.WRONG_REQUEST
    assert said in data(reply)["error"]
    assert not path.exists()
    dutch = await ask(f"/conditions set {typed}")
    assert data(dutch)["error"] != data(reply)["error"]


async def test_the_form_types_it(ask: Ask) -> None:
    """Choose one, see it as it is, send it back as every surface does."""
    first = form_of(await ask("/conditions set"))
    assert [value for value, _label in first.inputs[0].choices] == [c.id for c in FIRST.items]
    second = form_of(await ask(f"{first.text} id=came-in-warm"))
    filled = {i.name: i.value for i in second.inputs}
    assert filled == {
        "level": "should",
        "weight": "1",
        "when": 'channel in ("network", "referral", "partner")',
    }

    def sent(**changes: str) -> str:
        answers = {f"i.{name}": value for name, value in (filled | changes).items()}
        return command_line({"t": second.text, **answers})

    unchanged = await ask(sent(), locale="en")
    assert data(unchanged)["changes"] == []
    assert "It was so already" in plain_text(unchanged)
    changed = await ask(sent(weight="2", when='channel in ("network", "referral")'))
    assert [c["key"] for c in data(changed)["changes"]] == ["weight", "when"]
    assert condition(changed, "came-in-warm")["when"] == "channel in ('network', 'referral')"


async def test_a_broken_edit_by_hand_is_shown_and_not_overwritten(ask: Ask, path: Path) -> None:
    """The way back is a button."""
    await ask("/conditions set budget weight=3")
    version = data(await ask("/conditions"))["version"]
    path.write_text(FIRST.text.replace("fit >= 50", "fitt >= 50"), encoding="utf-8")
    shown = await ask("/conditions", locale="en")
    assert data(shown)["version"] == version
    assert len(data(shown)["problems"]) == 1
    assert "did you mean 'fit'?" in plain_text(shown)
    refused = await ask("/conditions set budget weight=5", locale="en")
    assert refused.outcome is Outcome.WRONG_REQUEST
    assert "edited by hand" in data(refused)["error"]
    history = await ask("/conditions history", locale="en")
    back = await ask(buttons(history)[f"Back to {version}"], locale="en")
    assert "refused-" in plain_text(back)
    assert data(await ask("/conditions"))["problems"] == []


@pytest.mark.parametrize(
    "text", ["/conditions restore", "/conditions restore zzzz", "/conditions foo"]
)
async def test_asks_back_for_what_is_missing(ask: Ask, text: str) -> None:
    """One line."""
    reply = await ask(text, locale="en")
    assert reply.outcome is Outcome.WRONG_REQUEST
    assert "/conditions" in data(reply)["error"]


async def test_is_never_shared(ask: Ask, path: Path) -> None:
    """Sharing asks again, and would change again."""
    reply = await ask("/conditions set budget weight=3", place="channel", share=True)
    assert reply.outcome is Outcome.REFUSED
    assert not path.exists()


async def test_verdicts_go_by_it_at_once(ask: Ask) -> None:
    """The next question is judged by the new version."""
    before = data(await ask("/qualify Nieuw BV delivery_fit=yes"))
    await ask("/conditions set budget level=decline")
    after = data(await ask("/qualify Nieuw BV delivery_fit=yes budget_known=no"))
    assert (before["verdict"], after["verdict"]) == ("waitlist", "decline")
    assert before["conditions_version"] != after["conditions_version"]
