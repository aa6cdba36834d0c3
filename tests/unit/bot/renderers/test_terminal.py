from __future__ import annotations

import re

import pytest
from rich.cells import cell_len

from bot.core.reply import (
    Actions,
    Button,
    Chart,
    Context,
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
from bot.renderers.terminal import LIMITS, choices, clean_text, draw, render

LONG = "Van Dijk Installaties en Onderhoud voor de Industrie in Noord-Nederland BV"
COLUMNS = (
    TableColumn("#", "right"),
    TableColumn("Klant"),
    TableColumn("Omzet", "right"),
    TableColumn("Aandeel", "right"),
    TableColumn("Bron"),
)


def table(count: int, name: str = LONG, total: int | None = None) -> Table:
    row = (name, "€\u00a01.912.000,00", "10,9\u00a0%", "via netwerk")
    return Table(COLUMNS, tuple((str(i), *row) for i in range(1, count + 1)), total_rows=total)


def show(*elements: object, width: int = 80, plain: bool = False, colour: bool = False) -> str:
    reply = Reply(tuple(elements))  # type: ignore[arg-type]
    return render(reply, width=width, plain=plain, colour=colour)


def widest(text: str) -> int:
    return max(cell_len(line) for line in text.splitlines())


@pytest.mark.parametrize("plain", [True, False])
def test_a_wide_table_is_fitted_by_shortening_the_first_text_column(plain: bool) -> None:
    shown = show(table(3), plain=plain)
    assert widest(shown) <= 80
    assert shown.count("€ 1.912.000,00") == 3
    assert shown.count("10,9 %") == 3
    assert shown.count("via netwerk") == 3
    assert "Van Dijk Installaties" in shown
    assert LONG not in shown
    assert "…" in shown


def test_a_table_that_fits_is_not_shortened() -> None:
    assert LONG not in show(table(1), width=80)
    assert LONG in show(table(1), width=120)


def test_numbers_stand_under_each_other() -> None:
    rows = (("A", "€ 5"), ("B", "€ 1.000"))
    shown = show(Table((TableColumn("Klant"), TableColumn("Omzet", "right")), rows))
    ends = [len(line) for line in shown.splitlines() if "€" in line]
    assert len(set(ends)) == 1
    assert len(ends) == 2


def test_wide_characters_keep_the_columns_straight() -> None:
    rows = (("株式会社", "1"), ("Jansen", "22"))
    shown = show(Table((TableColumn("Klant"), TableColumn("N", "right")), rows))
    lines = [line for line in shown.splitlines() if line.endswith(("1", "22"))]
    assert [cell_len(line) for line in lines] == [len("株式会社") * 2 + 4] * 2


@pytest.mark.parametrize("plain", [True, False])
def test_a_table_too_wide_for_the_terminal_becomes_lines_and_loses_nothing(plain: bool) -> None:
    shown = show(table(2), width=40, plain=plain)
    assert shown.count("€ 1.912.000,00") == 2
    assert re.search(r"Aandeel:? +10,9 %", shown)
    assert LONG in " ".join(shown.split())


@pytest.mark.parametrize(("locale", "line"), [("nl", "nog 9.500 rijen"), ("en", "9,500 more rows")])
@pytest.mark.parametrize("plain", [True, False])
def test_ten_thousand_rows_are_capped_and_counted(locale: str, line: str, plain: bool) -> None:
    reply = Reply((table(10_000, "X"),), locale=locale)
    shown = render(reply, width=80, plain=plain, colour=False)
    assert shown.count("via netwerk") == LIMITS.table_rows
    assert line in shown


def test_rows_the_command_left_out_are_counted_too() -> None:
    assert "nog 1 rij" in show(table(9, "X", total=10))
    assert "nog" not in show(table(9, "X", total=9))


def test_an_empty_table_shows_its_heads() -> None:
    assert "Klant" in show(table(0))


HOSTILE = "Jansen\x1b[31m\x1b]0;owned\x07\x1b]8;;http://evil\x1b\\\x07\r\x08\x9b2J\u202eBV\x00"


@pytest.mark.parametrize("plain", [True, False])
def test_nothing_in_the_data_reaches_the_terminal_as_a_command(plain: bool) -> None:
    shown = show(
        Section(HOSTILE, Tone.TITLE),
        Section(HOSTILE, Tone.WARNING),
        Fields(((HOSTILE, HOSTILE),)),
        table(1, HOSTILE),
        Table((TableColumn(HOSTILE),), ((HOSTILE,),), caption=HOSTILE),
        Chart("bars", HOSTILE, HOSTILE, "", "", (Series(HOSTILE, ((HOSTILE, 0.4),)),)),
        Actions((Button(HOSTILE, "/x"),)),
        Form("/x", HOSTILE, ()),
        Context(HOSTILE),
        plain=plain,
    )
    assert re.findall("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", shown) == []
    assert "JansenBV" in shown
    assert "owned" not in shown
    assert "evil" not in shown


@pytest.mark.parametrize(
    ("dirty", "clean"),
    [
        ("a\x1b[1;31mb\x1b[0m", "ab"),
        ("a\x1b]0;title\x07b", "ab"),
        ("a\x1b]52;c;cGF3bmVk\x1b\\b", "ab"),
        ("a\x1bPq#0\x1b\\b", "ab"),
        ("a\x1b[b", "a"),
        ("a\x1b", "a"),
        ("a\tb\u00a0c", "a b c"),
        ("[bold]a[/bold]", "[bold]a[/bold]"),
        ("Café Zoë €", "Café Zoë €"),
    ],
)
def test_cleaning_takes_escapes_and_leaves_letters(dirty: str, clean: str) -> None:
    assert clean_text(dirty) == clean


def test_a_cell_with_a_newline_stays_one_row() -> None:
    shown = show(Table((TableColumn("Klant"), TableColumn("N", "right")), (("A\nB", "1"),)))
    assert "A B" in shown


def test_what_looks_like_markup_is_shown_as_it_is() -> None:
    assert "[red]A/B[/red] :smile:" in show(Section("[red]A/B[/red] :smile:"), colour=True)


def test_colour_only_where_asked() -> None:
    elements = (Section("Titel", Tone.TITLE), Section("Kop", Tone.HEADLINE), Context("klein"))
    assert "\x1b[" not in show(*elements)
    assert "\x1b[" not in show(*elements, plain=True, colour=True)
    assert "\x1b[1m" in show(*elements, colour=True)
    assert re.search("\x1b\\[2mklein", show(*elements, colour=True))


def test_colour_does_not_depend_on_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b" not in show(Section("Titel", Tone.TITLE))
    monkeypatch.setenv("COLUMNS", "20")
    assert show(Section("x" * 70)).splitlines()[0] == "x" * 70


@pytest.mark.parametrize(("locale", "word"), [("nl", "Let op"), ("en", "Note")])
@pytest.mark.parametrize("plain", [True, False])
def test_a_warning_has_its_word_once(locale: str, word: str, plain: bool) -> None:
    for text in ("stil.", f"{word}: stil."):
        reply = Reply((Section(text, Tone.WARNING),), locale=locale)
        shown = render(reply, width=80, plain=plain, colour=False)
        assert shown.count(f"{word}: stil.") == 1


CHOICES = (
    Actions((Button("Curve", "/pareto"), Button("Bronnen", "/sources"))),
    Form("/qualify Acme", "Vul aan", (Input("source", "Bron"),)),
    Actions((Button("Hoe berekend", "/topclients how"),)),
)


@pytest.mark.parametrize("plain", [True, False])
def test_the_number_shown_is_the_number_that_presses(plain: bool) -> None:
    shown = show(*CHOICES, plain=plain)
    found = choices(Reply(CHOICES))
    labels = [c.label if isinstance(c, Button) else c.submit for c in found]
    assert labels == ["Curve", "Bronnen", "Vul aan", "Hoe berekend"]
    assert re.findall(r"\[(\d)\] (\w+(?: \w+)?)", shown) == [
        (str(n), label) for n, label in enumerate(labels, 1)
    ]


def test_a_button_is_never_split_over_lines() -> None:
    buttons = Actions(tuple(Button(f"Knop nummer {i}", "/x") for i in range(1, 8)))
    shown = show(buttons, width=40)
    assert widest(shown) <= 40
    assert all(f"[{i}] Knop nummer {i}" in shown for i in range(1, 8))


def pareto() -> Chart:
    points = tuple((i / 10, min(1.0, i / 5)) for i in range(11))
    return Chart(
        "pareto", "Curve", "De helft van de klanten brengt alles.", "", "", (Series("", points),)
    )


def test_a_curve_rises_and_then_stays() -> None:
    top, *_, bottom = draw(pareto(), 80, "nl")
    assert top.startswith("100 % ┤")
    assert bottom.startswith("  0 % ┤")
    assert bottom.count("█") > top.count("█") > 20
    assert widest("\n".join(draw(pareto(), 40, "nl"))) <= 40


def test_bars_are_as_long_as_their_share() -> None:
    series = (
        Series("top", (("netwerk", 0.6), ("beurs", 0.1))),
        Series("pijplijn", (("beurs", 0.3),)),
    )
    lines = draw(Chart("bars", "", "alt", "", "", series), 80, "en")
    lengths = [line.count("█") for line in lines]
    assert [line.split()[-1] for line in lines] == ["60%", "0%", "10%", "30%"]
    assert lengths[0] > lengths[3] > lengths[2] > lengths[1] == 0
    assert abs(lengths[0] - 2 * lengths[3]) <= 1


def test_a_history_names_its_highest_and_lowest() -> None:
    points = (("2025-01", 1000.0), ("2025-02", -250.0), ("2025-03", 5000.0))
    lines = draw(Chart("history", "", "alt", "", "", (Series("", points),)), 80, "nl")
    assert lines[0].startswith("5.000 ┤")
    assert lines[-1].startswith(" -250 ┤")


def test_ratios_are_dots_on_their_interval_around_one() -> None:
    points = ((("twice", 2.0), ("half", 0.5)), (("twice", 1.2), ("half", 0.2)), (("twice", 4.0),))
    series = tuple(Series(name, each) for name, each in zip("abc", points, strict=True))
    more, less = draw(Chart("ratios", "", "alt", "", "", series), 80, "nl")
    assert more.endswith("2,0 (1,2–4,0)")
    assert less.endswith("0,50 (0,20–0,50)")
    assert more.index("│") == less.index("│")
    assert more.index("●") > more.index("│") > less.index("●")
    for width in (24, 40, 200):
        lines = draw(Chart("ratios", "", "alt", "", "", series), width, "en")
        assert all(len(line) <= max(width, 45) for line in lines)


@pytest.mark.parametrize("kind", ["pareto", "bars", "history", "ratios"])
def test_a_chart_of_nothing_or_of_one_point_is_drawn(kind: str) -> None:
    assert draw(Chart(kind, "", "alt", "", "", ()), 80, "nl") == []  # type: ignore[arg-type]
    one = Chart(kind, "", "alt", "", "", (Series("s", (("a", 0.0),)),))  # type: ignore[arg-type]
    assert draw(one, 80, "nl")


def test_plain_tells_the_chart_in_words_and_draws_nothing() -> None:
    shown = show(pareto(), table(2), Section("Vraag", Tone.QUOTE), plain=True)
    assert "De helft van de klanten brengt alles." in shown
    assert re.findall("[─-▟]", shown) == []
    assert "De helft" in show(pareto())
    assert "█" in show(pareto())
