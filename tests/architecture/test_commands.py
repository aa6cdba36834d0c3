"""Guards over the command registry: what every command owes, so that nobody must remember."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from analytics.schema import AMOUNT_SCALE
from bot.application import Application
from bot.core.command import HOW, Command, Permission, discover
from bot.core.reply import Chart, Outcome, Reply, Visibility, plain_text
from bot.renderers import html, terminal
from tests.conftest import Ask, data, over
from tests.snapshots import make
from tests.translations import missing, shown

ROOT = Path(__file__).parents[2]
EACH = pytest.mark.parametrize("command", list(discover()), ids=lambda c: c.name)


def examples(command: Command, client: str) -> list[str]:
    return [e.format(client=client) for e in command.examples]


PLACES = {"clear": "channel"}
"""Where a command must be asked, if not everywhere."""


def rightly(command: Command) -> dict[str, Any]:
    """As whom and where the command is answered."""
    role = "admin" if command.permission is Permission.MANAGE else "mt"
    return {"role": role, "place": PLACES.get(command.name, "dm")}


def schema(command: Command) -> dict[str, Any]:
    path = ROOT / "docs" / "schemas" / f"{command.name}.json"
    return json.loads(path.read_text(encoding="utf-8"))  # type: ignore[no-any-return]


@pytest.fixture
def largest(demo_application: Application) -> str:
    from analytics.pareto import top_clients
    from analytics.scope import Scope
    from tests.conftest import TODAY

    snapshot = demo_application.snapshots.current()
    return snapshot.name(int(top_clients(Scope.of(snapshot, today=TODAY)).order[0]))


def test_every_text_has_a_dutch_translation() -> None:
    assert len(shown()) > 150  # the extraction itself works
    assert missing("nl") == {}


def test_a_translation_keeps_the_placeholders() -> None:
    import string

    from bot.i18n import catalogue

    def names(text: str) -> set[str]:
        return {name for _l, name, _f, _c in string.Formatter().parse(text) if name}

    for key, value in catalogue("nl").items():
        forms = value if isinstance(value, tuple) else (value,)
        for form in forms:
            assert names(form) <= names(key) | {"n"}, key
            if not isinstance(value, tuple):
                assert names(form) == names(key), key


@EACH
@pytest.mark.parametrize("locale", ["nl", "en"])
async def test_its_examples_run_and_fit_its_schema(
    command: Command, locale: str, ask: Ask, largest: str
) -> None:
    for example in examples(command, largest):
        reply = await ask(example, locale=locale, **rightly(command))
        assert reply.outcome is Outcome.ANSWERED, (example, reply.data)
        assert reply.command == command.name
        jsonschema.Draft202012Validator(schema(command)).validate(data(reply))
        assert plain_text(reply).strip()


@EACH
def test_the_example_in_its_schema_is_valid(command: Command) -> None:
    found = schema(command)
    jsonschema.Draft202012Validator.check_schema(found)
    for example in found["examples"]:
        jsonschema.Draft202012Validator(found).validate(example)


@EACH
async def test_it_refuses_who_has_no_role(command: Command, ask: Ask, largest: str) -> None:
    reply = await ask(examples(command, largest)[0], role=None, locale="en")
    if command.permission is Permission.NONE:
        assert reply.outcome is Outcome.ANSWERED
        return
    assert reply.outcome is Outcome.REFUSED
    assert "Ask " in plain_text(reply)
    assert largest not in plain_text(reply)


@EACH
async def test_it_refuses_where_outsiders_read_along(
    command: Command, ask: Ask, largest: str
) -> None:
    for role in ("sales", "mt", "admin", None):
        reply = await ask(examples(command, largest)[0], role=role, place="shared")
        assert reply.outcome is Outcome.REFUSED
    guest = await ask(examples(command, largest)[0], guest=True)
    assert guest.outcome is Outcome.REFUSED


@EACH
async def test_it_is_private_in_a_channel(command: Command, ask: Ask, largest: str) -> None:
    reply = await ask(examples(command, largest)[0], **rightly(command) | {"place": "channel"})
    assert reply.visibility is Visibility.EPHEMERAL
    if command.name in PLACES:
        return
    direct = await ask(examples(command, largest)[0], **rightly(command))
    assert direct.visibility is Visibility.DIRECT


@EACH
def test_it_is_documented(command: Command) -> None:
    text = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert f"`{command.invocation('en')}" in text
    for name in command.names:
        assert name in text


@EACH
@pytest.mark.parametrize("customers", [0, 1, 10_000])
async def test_it_renders_with_0_1_and_10_000_customers(
    command: Command, customers: int, tmp_path: Path
) -> None:
    lines = [(f"c{i:05}", "2026-10-01", 100 + i % 997) for i in range(customers)]
    ask = over(make(lines), tmp_path)  # type: ignore[arg-type]
    for example in examples(command, "c00000"):
        for text in (example, f"{example} {HOW.name}" if HOW in command.flags else example):
            reply = await ask(text, **rightly(command))
            assert reply.outcome is not Outcome.FAILED
            renders(reply)


def renders(reply: Reply) -> None:
    """The reply comes out of every renderer within its limits."""
    for width in (40, 80, 200):
        for plain in (True, False):
            text = terminal.render(reply, width=width, plain=plain, colour=False)
            assert text.strip()
            assert len(text) < 200_000
            if not plain:
                assert max(len(line) for line in text.splitlines()) <= width
    page = html.render(reply)
    assert len(page) < 1_000_000


@EACH
async def test_charts_say_the_same_in_words(command: Command, ask: Ask, largest: str) -> None:
    for example in examples(command, largest):
        reply = await ask(example, **rightly(command))
        for chart in (e for e in reply.elements if isinstance(e, Chart)):
            assert len(chart.alt) > 20
            assert chart.alt.replace("\u00a0", " ") in plain_text(reply)


EXPLAINED = {
    "topclients": lambda d: d["revenue"],
    "pareto": lambda d: d["top_revenue"],
    "sources": lambda d: sum(r["revenue"] for r in d["channels"]),
    "ars": lambda d: d["sales"],
    "profile": lambda d: d["top_revenue"],
    "client": lambda d: d["revenue"],
    "whatif": lambda d: d["after"]["revenue"],
}


@EACH
async def test_how_computed_adds_up_to_the_figure(command: Command, ask: Ask, largest: str) -> None:
    if HOW not in command.flags:
        pytest.skip("shows no figure that is a sum")
    for example in examples(command, largest):
        plain = data(await ask(example))
        found = data(await ask(f"{example} how"))
        rows = found["trace"]["rows"]
        added = sum(round(row["amount"] * AMOUNT_SCALE) for row in rows)
        assert added == round(found["trace"]["sum"] * AMOUNT_SCALE)
        assert added == round(EXPLAINED[command.name](plain) * AMOUNT_SCALE)


def test_no_command_module_is_long() -> None:
    for path in (ROOT / "bot" / "commands").glob("*.py"):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 310, path.name


def test_a_file_can_be_read_in_one_sitting() -> None:
    # Tests may run on a little longer: they are read one at a time, not as a whole.
    for folder, most in (("bot", 450), ("analytics", 450), ("knowledge", 450), ("tests", 550)):
        for path in (ROOT / folder).rglob("*.py"):
            assert len(path.read_text(encoding="utf-8").splitlines()) <= most, path
