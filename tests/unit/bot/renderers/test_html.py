from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

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
    Outcome,
    Reply,
    Section,
    Series,
    Table,
    TableColumn,
    Tone,
    Visibility,
)
from bot.renderers import html

NASTY = "<script>alert('x')</script> & \"Zonen\""
VOID = {"meta", "input", "br", "img", "link"}


class Seen(HTMLParser):
    """Reads markup strictly: every element that opens must close, in order."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(markup)
        self.close()
        assert not self.open, f"left open: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"closes {tag}, which never opened"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.elements if name == tag]


def read(*elements: Element, locale: str = "en", **fields: object) -> Seen:
    return Seen(html.render(Reply(elements, locale=locale, **fields)))  # type: ignore[arg-type]


def table(rows: int, total: int | None = None) -> Table:
    columns = (TableColumn("#", "right"), TableColumn("Client"), TableColumn("Revenue", "right"))
    cells = tuple((str(i), f"Client {i}", f"€{i}") for i in range(1, rows + 1))
    return Table(columns, cells, total_rows=total)


CHART = Chart(
    "bars",
    "Sources",
    "Network brings 52 %.",
    "Source",
    "Share",
    (Series("Top", (("network", 0.52),)), Series("Pipeline", (("network", 0.08), ("fair", 0.4)))),
)


def test_every_text_is_escaped() -> None:
    nasty = Reply(
        (
            Section(NASTY, Tone.TITLE),
            Section(NASTY, Tone.HEADLINE),
            Section(NASTY, Tone.WARNING),
            Section(NASTY, Tone.QUOTE),
            Section(NASTY),
            Fields(((NASTY, NASTY),)),
            Table((TableColumn(NASTY),), ((NASTY,),), caption=NASTY),
            Chart("bars", NASTY, NASTY, NASTY, NASTY, (Series(NASTY, ((NASTY, 0.5),)),)),
            Actions((Button(NASTY, NASTY),)),
            Form(NASTY, NASTY, (
                Input(NASTY, NASTY, value=NASTY, hint=NASTY),
                Input("b", "b", "choice", choices=((NASTY, NASTY),)),
            )),
            Context(NASTY),
        ),
        citations=(Citation("1", NASTY, source=NASTY),),
    )  # fmt: skip
    for markup in (html.render(nasty), html.document(nasty)):
        seen = Seen(markup)
        assert not seen.all("script")
        assert not [a for _, attrs in seen.elements for a in attrs if a.startswith("on")]
    fragment = Seen(html.render(nasty))
    assert fragment.text.count("<script>alert('x')</script> & \"Zonen\"") >= 15
    assert fragment.all("button")[0]["data-command"] == NASTY


def test_sections_say_what_they_are_for() -> None:
    seen = read(
        Section("Top clients", Tone.TITLE),
        Section("18 of 152", Tone.HEADLINE),
        Section("Dear Jan", Tone.QUOTE),
        Section("one\ntwo"),
    )
    tags = [tag for tag, _ in seen.elements]
    assert tags[1:] == ["h2", "p", "blockquote", "p", "p", "br"]


@pytest.mark.parametrize(("locale", "word"), [("en", "Note:"), ("nl", "Let op:")])
def test_a_warning_is_a_word_and_a_sign_besides_its_colour(locale: str, word: str) -> None:
    if locale == "nl" and "Note" not in _dutch():
        pytest.fail("the Dutch catalogue lacks the word for a warning")
    text = read(Section("De Boer is quiet.", Tone.WARNING), locale=locale).text
    assert text == f"! {word} De Boer is quiet."


def _dutch() -> object:
    from bot.i18n import catalogue

    return catalogue("nl")


def test_a_warning_that_brings_its_own_word_says_it_once() -> None:
    assert read(Section("Note: quiet.", Tone.WARNING)).text == "! Note: quiet."


def test_fields_are_pairs() -> None:
    seen = read(Fields((("Gini", "0.70"), ("HHI", "412"))))
    assert [tag for tag, _ in seen.elements].count("dt") == 2
    assert seen.text == "Gini 0.70 HHI 412"


def test_table_heads_have_scope_and_figures_stand_right() -> None:
    seen = read(table(1))
    heads = seen.all("th")
    assert [head["scope"] for head in heads] == ["col", "col", "col", "row"]
    cells = seen.all("td")
    assert [cell["class"] for cell in cells] == ["num rank", "num lead"]
    assert [cell["data-label"] for cell in cells] == ["#", "Revenue"]


def test_a_table_without_rows_says_so() -> None:
    seen = read(table(0))
    assert not seen.all("table")
    assert seen.text == "No rows"


def test_a_short_table_folds_nothing() -> None:
    seen = read(table(html.LIMITS["rows_shown"]))
    assert not seen.all("details")
    assert "not shown" not in seen.text


def test_a_long_table_folds_the_rest() -> None:
    seen = read(table(html.LIMITS["rows_shown"] + 1))
    assert "Show 1 more row" in seen.text
    folded = [row for row in seen.all("tr") if row.get("class") == "more"]
    assert len(folded) == 1


def test_ten_thousand_rows_are_capped_and_counted() -> None:
    markup = html.render(Reply((table(10_000),), locale="en"))
    seen = Seen(markup)
    assert len(seen.all("tr")) == html.LIMITS["rows"] + 1
    assert "9,500 more rows are not shown" in seen.text
    assert "Show 475 more rows" in seen.text
    assert len(markup) < 250_000


def test_rows_left_out_by_the_command_are_counted() -> None:
    assert "142 more rows are not shown" in read(table(10, total=152)).text


def test_a_trend_carries_its_sign_and_a_class() -> None:
    columns = (TableColumn("Client"), TableColumn("Trend", "right"))
    seen = read(Table(columns, (("A", "▲ +14 %"), ("B", "▼ −6 %"), ("C", ""))))
    assert [cell["class"] for cell in seen.all("td")] == [
        "num lead up",
        "num lead down",
        "num lead empty",
    ]


def test_a_chart_is_a_figure_with_words_and_figures() -> None:
    seen = read(CHART)
    (figure,) = seen.all("figure")
    assert figure["data-chart"] == "0"
    pictures = [attrs for _, attrs in seen.elements if attrs.get("role") == "img"]
    assert [p["aria-label"] for p in pictures] == ["Network brings 52 %."]
    for wanted in ("Sources", "Network brings 52 %.", "Pipeline", "52.0%", "40.0%"):
        assert wanted in seen.text


def test_charts_are_counted_through_the_answer() -> None:
    seen = read(CHART, Section("between"), CHART)
    assert [figure["data-chart"] for figure in seen.all("figure")] == ["0", "1"]


def test_the_table_of_a_long_curve_is_thinned_to_its_ends() -> None:
    points = tuple((i / 9_999, i / 9_999) for i in range(10_000))
    chart = Chart("pareto", "Curve", "It rises.", "Clients", "Revenue", (Series("all", points),))
    seen = read(chart)
    assert len(seen.all("tr")) == html.LIMITS["chart_rows"] + 1
    assert "0.0%" in seen.text
    assert "100.0%" in seen.text
    assert f"{10_000 - html.LIMITS['chart_rows']:,} more rows are not shown" in seen.text


def test_the_table_of_a_history_has_days_and_amounts() -> None:
    points: tuple[tuple[str | float, float], ...] = (("2025-05-01", 12345.6), ("2025-Q3", 1.0))
    chart = Chart("history", "De Boer", "Falls.", "Month", "Revenue", (Series("a", points),))
    seen = read(chart, locale="nl")
    assert "1 mei 2025 12.346 2025-Q3 1" in seen.text


def test_buttons_carry_their_command() -> None:
    seen = read(
        Actions((
            Button("Curve", "/pareto", "primary"),
            Button("Share", "/topclients", share=True),
            Button("Forget", "/erase", "danger"),
        ))
    )  # fmt: skip
    buttons = seen.all("button")
    assert all(button["type"] == "button" for button in buttons)
    assert [b["data-command"] for b in buttons] == ["/pareto", "/topclients", "/erase"]
    assert ["data-share" in b for b in buttons] == [False, True, False]
    assert [b["class"] for b in buttons] == ["primary", "share", "danger"]


def test_form_fields_are_labelled() -> None:
    seen = read(
        Form(
            "/qualify Acme",
            "Send",
            (
                Input("employees", "Employees", "number", required=True, hint="From your CRM"),
                Input("source", "Source", "choice", (("event", "Fair"),), value="event"),
                Input("met", "Met", "toggle", value="yes"),
                Input("note", "Remark"),
            ),
        )
    )
    assert seen.all("form")[0]["data-command"] == "/qualify Acme"
    assert len(seen.all("label")) == 4
    number, box, remark = seen.all("input")
    assert (number["name"], number["inputmode"], "required" in number) == (
        "employees", "decimal", True,
    )  # fmt: skip
    assert (box["type"], "checked" in box) == ("checkbox", True)
    assert "required" not in remark
    chosen = [option["value"] for option in seen.all("option") if "selected" in option]
    assert chosen == ["event"]
    assert "Employees (required)" in seen.text
    assert "From your CRM" in seen.text


@pytest.mark.parametrize(
    ("visibility", "words"),
    [
        (Visibility.DIRECT, ""),
        (Visibility.EPHEMERAL, "Only visible to you"),
        (Visibility.CHANNEL, "Shared with the channel"),
    ],
)
def test_who_sees_it_is_said(visibility: Visibility, words: str) -> None:
    assert read(visibility=visibility).text == words


def test_citations_close_the_answer() -> None:
    seen = read(
        Section("Do this."), citations=(Citation("c1", "Klant is geen koning", source="blog"),)
    )
    assert seen.text == "Do this. Rests on Klant is geen koning blog"


def test_how_it_ended_and_in_which_language_is_on_the_answer() -> None:
    (article,) = read(locale="nl", outcome=Outcome.WRONG_REQUEST).all("article")
    assert (article["class"], article["lang"]) == ("answer wrong-request", "nl")


def test_a_document_stands_alone() -> None:
    reply = Reply(
        (
            Section("18 of 152 clients", Tone.HEADLINE),
            CHART,
            Actions((Button("Curve", "/pareto"),)),
        ),
        locale="en",
    )
    drawn: list[Chart] = []

    def draw(chart: Chart) -> str:
        drawn.append(chart)
        return "<svg><path d='M0 0'></path></svg>"

    markup = html.document(reply, charts=draw)
    seen = Seen(markup)
    assert drawn == [CHART]
    assert len(seen.all("svg")) == 1
    assert "18 of 152 clients · Ballotage" in seen.text
    assert not seen.all("script")
    assert not seen.all("link")
    assert not seen.all("button")
    assert "Curve: /pareto" in seen.text
    assert not re.search(r"(?:src|href)=|url\(|@import|https?://", markup)


def test_a_document_without_a_drawer_tells_the_picture_in_words() -> None:
    assert "Network brings 52 %." in Seen(html.document(Reply((CHART,), locale="en"))).text


def test_sentences_among_the_fields_become_lines() -> None:
    tiles = read(Fields((("Gini", "0.70"),)))
    lines = read(
        Fields((("/top", "Who brings 80 % of the revenue, best first"), ("/ars", "Short")))
    )
    assert tiles.all("dl")[0]["class"] == "fields"
    assert lines.all("dl")[0]["class"] == "fields lines"
