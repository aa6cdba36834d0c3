from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.reply import (
    Actions,
    Button,
    Chart,
    Citation,
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
    Visibility,
)
from bot.renderers import teams
from tests.golden.replies import BARS, FORM, HISTORY, HOSTILE_NAMES, PARETO, REPLIES, table
from tests.golden.teams.check import elements, faults

GOLDEN = Path(__file__).parents[3] / "golden" / "teams"


def card(*parts: Element, locale: str = "en", **fields: Any) -> dict[str, Any]:
    activity = teams.render(Reply(parts, locale=locale, **fields))
    assert faults(activity) == []
    found: dict[str, Any] = activity["attachments"][0]["content"]
    return found


def of_kind(made: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [each for each in elements(made) if each["type"] == kind]


def texts(made: dict[str, Any]) -> list[str]:
    return [e["text"] for e in elements(made) if e["type"] in {"TextBlock", "TextRun"}]


def size(made: dict[str, Any]) -> int:
    return len(json.dumps(made, ensure_ascii=False).encode("utf-16-le"))


@pytest.mark.parametrize("name", REPLIES)
def test_every_shared_reply_is_as_the_golden_file_says(name: str) -> None:
    made = json.dumps(teams.render(REPLIES[name]), ensure_ascii=False, indent=1) + "\n"
    file = GOLDEN / f"{name}.json"
    if os.environ.get("BALLOTAGE_WRITE_GOLDEN"):
        file.write_text(made, "utf-8")
    assert made == file.read_text("utf-8"), "BALLOTAGE_WRITE_GOLDEN=1 writes it anew; read the diff"


@pytest.mark.parametrize("name", REPLIES)
@pytest.mark.parametrize("locale", ["nl", "en"])
def test_every_shared_reply_is_what_teams_accepts(name: str, locale: str) -> None:
    assert faults(teams.render(replace(REPLIES[name], locale=locale))) == []


@pytest.mark.parametrize("name", ["rows_1", "rows_10_of_10000", "rows_10000", "english", "form"])
def test_an_ordinary_answer_stays_within_the_size_we_aim_at(name: str) -> None:
    assert size(teams.card(REPLIES[name])) <= 25_000


def test_ten_thousand_rows_show_what_fits_and_count_the_rest() -> None:
    made = card(table(10_000))
    shown = len(of_kind(made, "TableRow")) - 1
    assert 10 <= shown <= 50
    assert f"{10_000 - shown:,} more rows are not shown" in texts(made)


def test_one_row_is_told_in_the_singular() -> None:
    made = card(replace(table(1), total_rows=2))
    assert "1 more row is not shown" in texts(made)


def test_no_rows_say_so() -> None:
    made = card(table(0))
    assert texts(made) == ["No rows"]


@pytest.mark.parametrize("name", [n for n in HOSTILE_NAMES if n])
def test_data_is_shown_as_it_is_and_never_read_as_markdown(name: str) -> None:
    made = card(
        Section(name),
        Section(name, Tone.TITLE),
        Fields((("Name", name),)),
        Table((TableColumn("Name"),), ((name,),)),
        Context(name),
    )
    # Turned text and control characters are taken out, all else stays.
    plain = name.translate(dict.fromkeys(map(ord, "\u202e\u202c"))).replace("{{", "{\u200b{")
    cell = of_kind(made, "TableCell")[1]["items"][0]
    assert "".join(texts(cell)) == " ".join(plain.split("\n"))
    joined = "\n".join(texts(made))
    assert joined.count(plain.split("\n")[0]) >= 4  # a FactSet holds the fifth


@pytest.mark.parametrize("text", ["1. Acme", "- Acme", "+ Acme", "#", "a_b_c", "www.x.nl", "    x"])
def test_what_markdown_would_take_for_its_own_is_plain_text(text: str) -> None:
    made = card(Section(f"{text}"))
    assert of_kind(made, "TextBlock") == []
    assert of_kind(made, "RichTextBlock")[0]["inlines"][0]["text"] == text


@pytest.mark.parametrize("text", ["€ 1.234", "+14 %", "\u22126 %", "Acme B.V.", "12 maanden t/m"])
def test_ordinary_texts_stay_text_blocks(text: str) -> None:
    assert of_kind(card(Section(text)), "TextBlock")[0]["text"] == text


def test_at_most_six_actions_the_share_button_among_them_and_the_others_as_text() -> None:
    buttons = [Button(f"B{i}", f"/client {i}") for i in range(9)]
    made = card(Actions((*buttons, Button("Share", "/topclients", share=True))))
    shown = of_kind(made, "Action.Execute")
    assert [b["title"] for b in shown] == ["B0", "B1", "B2", "B3", "B4", "Share"]
    assert shown[-1]["data"] == {"t": "/topclients", "s": True}
    assert "Also: /client 5, /client 6, /client 7, /client 8" in texts(made)


def test_a_button_is_an_execute_that_old_clients_submit() -> None:
    made = card(Actions((Button("Go", "/pareto 2025", "primary"), Button("No", "/x", "danger"))))
    go, no = of_kind(made, "Action.Execute")
    assert (go["verb"], go["style"], no["style"]) == ("ballotage", "positive", "destructive")
    assert go["fallback"] == {
        "type": "Action.Submit",
        "title": "Go",
        "data": {"t": "/pareto 2025", "s": False},
        "style": "positive",
    }


def test_a_form_asks_with_the_right_inputs() -> None:
    made = card(FORM, Actions((Button("Back", "/help"),)))
    number = of_kind(made, "Input.Number")[0]
    assert (number["id"], number["value"], number["isRequired"]) == ("i.employees", 45, True)
    choice = of_kind(made, "Input.ChoiceSet")[0]
    assert choice["choices"][0] == {"title": "netwerk", "value": "network"}
    toggle = of_kind(made, "Input.Toggle")[0]
    assert (toggle["value"], toggle["valueOn"]) == ("yes", "yes")
    send, back = of_kind(made, "Action.Execute")
    assert send["data"]["t"] == "/qualify Acme BV"
    assert "associatedInputs" not in send
    assert back["associatedInputs"] == "none"


def test_a_wrong_preset_is_left_out() -> None:
    wrong = (
        Input("a", "A", "number", value="nan"),
        Input("b", "B", "choice", (("x", "X"),), value="y"),
    )
    made = card(Form("/x", "Send", wrong))
    assert all("value" not in each for each in elements(made) if each["type"].startswith("Input."))


@pytest.mark.parametrize(
    ("chart", "kind", "first", "last"),
    [
        (PARETO, "Chart.Line", {"x": 0.0, "y": 0.0}, {"x": 100.0, "y": 100.0}),
        (BARS, "Chart.VerticalBar.Grouped", {"x": "netwerk", "y": 52.0}, {"x": "beurs", "y": 2.0}),
        (
            HISTORY,
            "Chart.Line",
            {"x": "2024-01-01", "y": 10_000.0},
            {"x": "2026-10-01", "y": 100.0},
        ),
    ],
)
def test_a_chart_is_drawn_by_teams_and_told_by_old_clients(
    chart: Chart, kind: str, first: dict[str, object], last: dict[str, object]
) -> None:
    made = card(chart)
    drawn = of_kind(made, kind)[0]
    values = drawn["data"][0]["values"]
    assert (values[0], values[-1]) == (first, last)
    assert len(values) <= 60
    fallback = {each["type"] for each in elements(drawn["fallback"])}
    assert "Table" in fallback
    assert not {each for each in fallback if each.startswith("Chart")}
    assert chart.alt in texts(made)


def test_a_chart_without_points_is_its_words() -> None:
    made = card(Chart("bars", "T", "Nothing known yet.", "x", "y", (Series("s", ()),)))
    assert texts(made) == ["Nothing known yet."]


def test_shares_are_percentages_in_chart_and_fallback() -> None:
    drawn = of_kind(card(BARS, locale="nl"), "Chart.VerticalBar.Grouped")[0]
    assert drawn["yAxisTitle"] == "Aandeel (%)"
    assert "52,0\u00a0%" in texts(drawn["fallback"])


def test_right_aligned_columns_are_aligned() -> None:
    columns = of_kind(card(table(2)), "Table")[0]["columns"]
    assert [c.get("horizontalCellContentAlignment") for c in columns[:3]] == [
        "Right",
        None,
        "Right",
    ]


def test_five_columns_stand_beside_each_other_and_the_rest_under_the_name() -> None:
    made = of_kind(card(table(1)), "Table")[0]
    head, row = made["rows"]
    labels = [each.get("text") or each["inlines"][0]["text"]
              for cell in head["cells"] for each in cell["items"]]  # fmt: skip
    assert labels == ["#", "Klant", "Omzet", "Aandeel", "Trend"]
    assert [each["text"] for each in row["cells"][1]["items"]] == [
        "Klant 1 Installaties BV",
        "Kwam\u00a0binnen\u00a0via:\u00a0netwerk · Sinds:\u00a02001",
    ]


@pytest.mark.parametrize(
    ("visibility", "words"),
    [
        (Visibility.EPHEMERAL, "Only visible to you"),
        (Visibility.CHANNEL, "Shared with the channel"),
    ],
)
def test_a_card_says_who_sees_it(visibility: Visibility, words: str) -> None:
    assert texts(card(Section("x"), visibility=visibility))[0] == words


def test_what_is_wide_gets_the_whole_width() -> None:
    assert card(table(1))["msteams"] == card(PARETO)["msteams"] == {"width": "Full"}
    narrow = Table((TableColumn("A"), TableColumn("B")), (("1", "2"),))
    assert "msteams" not in card(Section("x"), narrow)


def test_a_warning_carries_a_word() -> None:
    assert "⚠ Note: Quiet." in texts(card(Section("Quiet.", Tone.WARNING)))
    assert "⚠ Note: quiet." in texts(card(Section("Note: quiet.", Tone.WARNING)))


def test_citations_and_the_fallback_text_are_there() -> None:
    made = card(Section("A", Tone.HEADLINE), citations=(Citation("a", "Title", source="Blog"),))
    assert texts(made)[-2:] == ["Rests on", "Title · Blog"]
    assert made["fallbackText"] == "A"


def test_the_notification_says_the_headline() -> None:
    activity = teams.render(Reply((Section("T", Tone.TITLE), Section("H", Tone.HEADLINE))))
    assert activity["summary"] == "H"
    assert "text" not in activity  # Teams would show it above the card


_TEXT = st.text(max_size=300) | st.sampled_from([*HOSTILE_NAMES, "x" * 6000])
_CELL = st.text(max_size=40) | st.sampled_from(HOSTILE_NAMES)
_BUTTON = st.builds(Button, _TEXT, st.text(min_size=1, max_size=60), share=st.booleans())
_ELEMENT: st.SearchStrategy[Element] = st.one_of(
    st.builds(Section, _TEXT, st.sampled_from(Tone)),
    st.builds(Fields, st.lists(st.tuples(_CELL, _TEXT), max_size=12).map(tuple)),
    st.builds(
        lambda rows, total: Table((TableColumn("A"), TableColumn("B", "right")), rows, total),
        st.lists(st.tuples(_CELL, _CELL), max_size=80).map(tuple),
        st.none() | st.integers(0, 10_000),
    ),
    st.builds(Actions, st.lists(_BUTTON, max_size=9).map(tuple)),
    st.builds(Context, _TEXT),
    st.sampled_from([PARETO, BARS, HISTORY, FORM]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(_ELEMENT, max_size=30), st.sampled_from(["nl", "en"]))
def test_whatever_is_answered_teams_accepts_the_card(parts: list[Element], locale: str) -> None:
    once = [p for i, p in enumerate(parts) if p is not FORM or p not in parts[:i]]
    assert faults(teams.render(Reply(tuple(once), locale=locale))) == []
