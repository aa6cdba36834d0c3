"""The page on conditions: every example on it works, and every fault one can meet is on it."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from analytics.ballotage import grammar
from analytics.ballotage.conditions import COMPUTED
from analytics.ballotage.grammar import ExpressionError, parse
from analytics.ballotage.reading import CONTRACT, defaults, read
from bot.core.reply import Outcome, plain_text
from tests.conftest import Ask
from tests.translations import shown

PAGE = (Path(__file__).parents[2] / "docs" / "conditions.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, re.S)
CHAT = [line for block in re.findall(r"```\n(/.*?)```", PAGE, re.S) for line in block.splitlines()]


def rows(head: str) -> list[tuple[str, str]]:
    """The rows of the table under a head: the code in the first column, and the second."""
    table = PAGE.split(head, 1)[1].split("\n\n", 1)[0]
    return re.findall(r"^\| `(.+?)` \| (.+) \|$", table, re.M)


@pytest.mark.parametrize("block", BLOCKS)
def test_every_yaml_example_can_be_imported(block: str) -> None:
    text = block
    if not re.match(r"\w+:", block):  # conditions on their own use the facts one starts with
        facts = defaults().text.split("conditions:\n")[0]
        text = facts + "conditions:\n" + textwrap.indent(block, "  ")
    assert read(text).items


def test_there_are_yaml_examples() -> None:
    assert len(BLOCKS) >= 3


@pytest.mark.parametrize("expression", [code for code, _ in rows("| expression | is met when |")])
def test_every_expression_is_one(expression: str) -> None:
    parse(expression)


@pytest.mark.parametrize(("expression", "said"), rows("| expression | what is said |"))
def test_every_fault_of_an_expression_is_said_so(expression: str, said: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(expression)
    assert str(caught.value) == said


def test_the_grammar_is_the_one_that_is_read() -> None:
    told = re.search(r"    expression :=.*?yes \| no\n", grammar.__doc__ or "", re.S)
    assert told is not None
    assert textwrap.dedent(told[0]) in PAGE


async def test_every_line_for_the_chat_works(company: Callable[..., Ask]) -> None:
    assert len(CHAT) >= 4
    ask = company(invoices="customer_id;date;amount\na;2026-10-01;100\n")
    for line in CHAT:
        reply = await ask(line)
        assert reply.outcome is Outcome.ANSWERED, (line, plain_text(reply))


def test_every_fact_of_the_contract_is_named() -> None:
    for fact in (*CONTRACT, *COMPUTED):
        assert f"`{fact}`" in PAGE


SOURCES = ("analytics/ballotage/", "bot/condition", "bot/commands/_condition_typing")
FAULTS = [
    message
    for message, place in shown().items()
    if place.startswith(SOURCES) and (message[0] in "{'" or "{" in message or message.endswith("."))
    if not message.startswith("For example")
]


@pytest.mark.parametrize("message", FAULTS)
def test_every_fault_is_on_the_page(message: str) -> None:
    """With whatever stands in its places."""
    literal = [re.escape(part) for part in re.split(r"\{\w+\}", " ".join(message.split()))]
    assert re.search(".{1,120}?".join(literal), " ".join(PAGE.split())), message


def test_the_faults_were_found() -> None:
    assert len(FAULTS) > 55
