from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.reply import (
    Actions,
    Button,
    Chart,
    Context,
    Element,
    Fields,
    Form,
    Input,
    Reply,
    Section,
    Series,
    Table,
    TableColumn,
    Tone,
)
from bot.renderers import slack
from bot.renderers.slack_forms import modal
from bot.renderers.slack_text import escaped
from tests.golden.replies import FORM, LARGE_FORM, REPLIES
from tests.golden.slack.check import faults

GOLDEN = Path(__file__).parents[3] / "golden" / "slack"


def render(*elements: Element, locale: str = "en", **fields: Any) -> dict[str, Any]:
    payload = slack.render(Reply(elements, locale=locale, **fields))
    assert faults(payload) == []
    return payload


def kinds(payload: dict[str, Any]) -> list[str]:
    return [block["type"] for block in payload["blocks"]]


def words(payload: dict[str, Any]) -> str:
    return json.dumps(payload["blocks"], ensure_ascii=False)


@pytest.mark.parametrize("name", REPLIES)
def test_every_shared_reply_is_as_the_golden_file_says(name: str) -> None:
    made = json.dumps(slack.render(REPLIES[name]), ensure_ascii=False, indent=1) + "\n"
    file = GOLDEN / f"{name}.json"
    if os.environ.get("BALLOTAGE_WRITE_GOLDEN"):
        file.write_text(made, "utf-8")
    assert made == file.read_text("utf-8"), "BALLOTAGE_WRITE_GOLDEN=1 writes it anew; read the diff"


@pytest.mark.parametrize("name", REPLIES)
def test_every_shared_reply_is_what_slack_accepts(name: str) -> None:
    reply = REPLIES[name]
    assert faults(slack.render(reply)) == []
    assert faults(slack.render(reply, charts=False)) == []
    assert faults({"blocks": slack.home(reply)["blocks"]}, most_blocks=100) == []


def test_the_check_itself_sees_what_slack_refuses() -> None:
    long = {"type": "section", "text": {"type": "plain_text", "text": "x" * 3001}}
    wrong = {"type": "divider2"}
    extra = {"type": "header", "text": {"type": "plain_text", "text": "x"}, "more": 1}
    for block in (long, wrong, extra):
        assert faults({"text": "x", "blocks": [block]})
    assert faults({"text": "x", "blocks": [{"type": "context", "elements": []}] * 51})


def test_a_table_is_native_with_its_head_and_alignment() -> None:
    table = Table((TableColumn("Client"), TableColumn("Revenue", "right")), (("A", "€1"),))
    (block,) = render(table)["blocks"]
    assert [[c["text"] for c in row] for row in block["rows"]] == [
        ["Client", "Revenue"],
        ["A", "€1"],
    ]
    assert [c["align"] for c in block["column_settings"]] == ["left", "right"]


@pytest.mark.parametrize(("count", "shown"), [(1, 1), (99, 99), (100, 99), (10_000, 99)])
def test_rows_that_do_not_fit_are_counted(count: int, shown: int) -> None:
    rows = tuple((str(i),) for i in range(count))
    payload = render(Table((TableColumn("#"),), rows))
    assert len(payload["blocks"][0]["rows"]) == shown + 1
    note = f"{count - shown:,} more row"
    assert (note in words(payload)) is (count > shown)


def test_rows_the_command_left_out_are_counted_too() -> None:
    assert "9,990 more rows" in words(
        render(Table((TableColumn("#"),), (("1",),) * 10, total_rows=10_000))
    )


def test_no_rows_says_so_instead_of_an_empty_table() -> None:
    payload = render(Table((TableColumn("#"),), ()))
    assert kinds(payload) == ["context"]


def test_a_second_table_stands_in_fixed_width() -> None:
    table = Table((TableColumn("Client"), TableColumn("€", "right")), (("Alpha", "10"), ("B", "2")))
    payload = render(table, table)
    assert kinds(payload) == ["table", "rich_text"]
    text = payload["blocks"][1]["elements"][0]["elements"][0]["text"]
    assert text.splitlines() == ["Client   €", "Alpha   10", "B        2"]


@pytest.mark.parametrize("mention", ["<!channel>", "<@U1>", "<#C1>", "@here", "@everyone"])
def test_data_can_neither_mention_nor_mark_up(mention: str) -> None:
    name = f"{mention} *b* _i_ `c` :tada: https://x.example"
    payload = render(
        Section(name, Tone.TITLE),
        *(Section(name, tone) for tone in Tone if tone is not Tone.TITLE),
        Fields(((name, name),)),
        Table((TableColumn(name),), ((name,),), caption=name),
        Chart("bars", name, name, name, name, (Series(name, ((name, 0.5),)),)),
        Actions((Button(name, "/client x"),)),
        Context(name),
    )
    assert mention not in json.dumps(payload, ensure_ascii=False)
    assert '"mrkdwn"' not in words(payload)
    assert "<" not in payload["text"]
    assert '"emoji": true' not in words(payload)


def test_the_words_for_notifications_begin_with_the_headline_and_hold_the_rest() -> None:
    text = render(
        Section("Top clients", Tone.TITLE),
        Section("18 of 152 bring 80%.", Tone.HEADLINE),
        Table((TableColumn("Client"),), (("De Boer",),)),
    )["text"]
    assert text.splitlines()[0] == "18 of 152 bring 80%."
    assert "De Boer" in text


def test_escaping_never_cuts_an_escape_in_two() -> None:
    for length in range(20, 40):
        text = escaped("<&>" * 20, length)
        assert len(text) <= length
        assert text.rstrip("…").count("&") == text.count(";")


def test_a_warning_carries_a_word_and_a_quote_is_one() -> None:
    payload = render(Section("It is quiet.", Tone.WARNING), Section("Hello?", Tone.QUOTE))
    assert "⚠ Note: " in words(payload)
    assert payload["blocks"][1]["elements"][0]["type"] == "rich_text_quote"
    dutch = render(Section("Let op: stil.", Tone.WARNING), locale="nl")
    assert words(dutch).count("Let op") == 1


def test_a_button_brings_back_its_command_line_and_nothing_of_the_asker() -> None:
    payload = render(
        Actions((Button("A", "/topclients 5", "primary"), Button("B", "/x", share=True)))
    )
    first, second = payload["blocks"][0]["elements"]
    assert json.loads(first["value"]) == {"t": "/topclients 5"}
    assert first["style"] == "primary"
    assert json.loads(second["value"]) == {"t": "/x", "s": 1}
    assert "style" not in second


def test_a_command_line_that_does_not_fit_gives_no_button_rather_than_half_a_command() -> None:
    payload = render(Actions((Button("Long", "/client " + "x" * 2000), Button("Ok", "/help"))))
    assert [b["text"]["text"] for b in payload["blocks"][0]["elements"]] == ["Ok"]


def test_chart_kinds_and_percentages() -> None:
    chart = REPLIES["chart_bars"].elements[0]
    block = render(chart)["blocks"][0]
    assert block["chart"]["type"] == "bar"
    assert [p["value"] for p in block["chart"]["series"][1]["data"]] == [21.0, 11.0, 41.0]
    assert slack.has_charts(render(chart))
    curve = render(REPLIES["chart_pareto"].elements[0])["blocks"][0]["chart"]
    values = [p["value"] for p in curve["series"][0]["data"]]
    assert values == sorted(values)
    assert values[-1] == 100
    # Every fifth percent of customers, read off between the points.
    assert curve["axis_config"]["categories"][1] == "10"
    assert values[1] == pytest.approx(100 * (1 - 0.9**6), abs=0.5)


def test_a_long_history_shows_its_newest_points_and_counts_the_others() -> None:
    payload = render(REPLIES["chart_history"].elements[0])
    assert payload["blocks"][0]["chart"]["axis_config"]["categories"][-1] == "Oct 2026"
    assert "14 more points are not shown" in words(payload)


def test_without_charts_there_are_words_or_an_uploaded_picture() -> None:
    reply = REPLIES["chart_bars"]
    said = slack.render(reply, charts=False)
    assert not slack.has_charts(said)
    assert reply.elements[0].alt in words(said)  # type: ignore[union-attr]
    drawn = slack.render(reply, charts=False, pictures={0: "F123"})
    assert drawn["blocks"][0]["slack_file"] == {"id": "F123"}
    assert faults(drawn) == []


def test_home_has_neither_tables_nor_charts() -> None:
    view = slack.home(REPLIES["every_element"])
    assert view["type"] == "home"
    assert not {"table", "data_visualization"} & {b["type"] for b in view["blocks"]}


def test_a_form_stands_in_the_message_with_its_values() -> None:
    payload = render(FORM)
    *inputs, actions = payload["blocks"]
    assert [b["element"]["action_id"] for b in inputs] == [
        "i.employees", "i.source", "i.decider", "i.note",
    ]  # fmt: skip
    assert inputs[0]["element"]["initial_value"] == "45"
    assert inputs[0]["optional"] is False
    assert inputs[2]["element"]["initial_options"]
    (send,) = actions["elements"]
    assert send["action_id"].startswith("f")
    assert json.loads(send["value"]) == {"t": "/qualify Acme BV"}


@pytest.mark.parametrize("form", [FORM, LARGE_FORM])
def test_a_modal_keeps_to_its_limits(form: Form) -> None:
    view = modal(form, title="T" * 90, close="Close", callback="ask", metadata="{}")
    assert len(view["blocks"]) <= 100
    assert all(len(view[key]["text"]) <= 24 for key in ("title", "submit", "close"))
    with pytest.raises(ValueError, match="private_metadata"):
        modal(form, title="T", close="C", callback="ask", metadata="x" * 3001)


def test_buttons_at_the_end_survive_when_the_middle_does_not_fit() -> None:
    sections = (Section("x", Tone.HEADLINE) for _ in range(90))
    payload = render(*sections, Actions((Button("Ok", "/help"),)), Context("base"))
    assert len(payload["blocks"]) == 50
    assert kinds(payload)[-3:] == ["context", "actions", "context"]
    assert "more parts are not shown" in words(payload)


texts = st.text(max_size=40) | st.sampled_from(["<!channel>", "&" * 3000, "👩‍👩‍👧" * 800, "\ud800"])
buttons = st.builds(Button, texts, texts, st.sampled_from(["default", "primary", "danger"]))
points = st.tuples(texts, st.floats(allow_nan=True, allow_infinity=True))
elements = st.one_of(
    st.builds(Section, texts, st.sampled_from(list(Tone))),
    st.builds(Fields, st.lists(st.tuples(texts, texts), max_size=25).map(tuple)),
    st.builds(
        lambda width, rows, name: Table(
            (TableColumn(name),) * width, ((name,) * width,) * rows, caption=name
        ),
        st.integers(0, 25), st.integers(0, 130), texts,
    ),
    st.builds(
        Chart, st.sampled_from(["bars", "history"]), texts, texts, texts, texts,
        st.lists(st.builds(Series, texts, st.lists(points, max_size=30).map(tuple)),
                 max_size=8).map(tuple),
    ),
    st.builds(Actions, st.lists(buttons, max_size=30).map(tuple)),
    st.builds(Context, texts),
    st.builds(
        Form, texts, texts,
        st.lists(st.builds(Input, texts, texts,
                           st.sampled_from(["text", "number", "choice", "toggle"]),
                           st.lists(st.tuples(texts, texts), max_size=4).map(tuple), texts),
                 max_size=5).map(tuple),
    ),
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.lists(elements, max_size=12))
def test_whatever_the_reply_slack_accepts_it(made: list[Element]) -> None:
    payload = render(*made)
    assert payload["text"]
    assert faults(slack.render(Reply(tuple(made)), charts=False)) == []
