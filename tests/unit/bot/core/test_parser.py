from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from analytics.errors import DataError
from bot.core.command import discover
from bot.core.parser import parse, recordable, suggestions
from bot.errors import UserError

REGISTRY = discover()


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("/topclients", "topclients"),
        ("topklanten", "topclients"),
        ("/TopKlanten", "topclients"),
        ("/ballotage status", "status"),
        ("ballotage help", "help"),
        ("/ballotage", "help"),
        ("", "help"),
        ("hoi!", "help"),
        ("/bronnen 2025", "sources"),
        ("/ballotage topclients 5", "topclients"),
    ],
)
def test_names_in_both_languages_with_or_without_slash(text: str, command: str) -> None:
    assert parse(text, REGISTRY)[0].name == command


@pytest.mark.parametrize(
    "text", ["/topclients 5 2025 group", "/topclients group 2025 5", "top groep 5 2025"]
)
def test_arguments_come_in_any_order(text: str) -> None:
    _command, args = parse(text, REGISTRY)
    assert (args.count, args.period, args.flags) == (5, "2025", {"group"})


def test_defaults() -> None:
    _command, args = parse("/topclients", REGISTRY)
    assert (args.count, args.period) == (10, "last12m")


@pytest.mark.parametrize(
    ("text", "count", "period"),
    [
        ("/topclients 1990", 10, "1990"),
        ("/topclients 2099", 10, "2099"),
        ("/topclients 500", 500, "last12m"),
    ],
)
def test_four_digits_are_a_year_another_number_is_n(text: str, count: int, period: str) -> None:
    _command, args = parse(text, REGISTRY)
    assert (args.count, args.period) == (count, period)


@pytest.mark.parametrize("number", ["0", "501", "-3", "1989", "99999999999999999999"])
def test_a_number_of_rows_out_of_range_names_the_range(number: str) -> None:
    with pytest.raises(UserError, match="1 to 500"):
        parse(f"/topclients {number}", REGISTRY)


def test_an_unknown_command_names_the_nearest() -> None:
    with pytest.raises(UserError, match="/topclients"):
        parse("/topclinets", REGISTRY)
    with pytest.raises(UserError, match="/ballotage help"):
        parse("/zzzz", REGISTRY)


def test_an_unknown_word_shows_the_usage() -> None:
    with pytest.raises(UserError, match="Usage: /pareto"):
        parse("/pareto gisteren", REGISTRY)


@pytest.mark.parametrize("name", ["2024", "17850", "Acme 2025 BV"])
def test_a_client_may_be_called_by_a_number(name: str) -> None:
    _command, args = parse(f"/client {name}", REGISTRY)
    assert args.words


def test_a_period_beside_a_name() -> None:
    _command, args = parse("/client Van Dijk 2025", REGISTRY)
    assert (args.text, args.period) == ("Van Dijk", "2025")


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("/topclients vorig jaar", "last-year"),
        ("/topklanten dit jaar", "this-year"),
        ("/topclients last year", "last-year"),
        ("/topclients this year", "this-year"),
        ("/topclients Afgelopen Jaar", "last-year"),
        ("/pareto Q3 2025", "2025-q3"),
        ("/pareto k1 2024", "2024-q1"),
        ("/sources 2025-03", "2025-03"),
        ("/client Van Dijk vorig jaar", "last-year"),
        ("/whatif lose Q1 2025 Van Dijk", "2025-q1"),
    ],
)
def test_everyday_periods(text: str, period: str) -> None:
    _command, args = parse(text, REGISTRY)
    assert args.period == period
    assert set(args.words) <= {"Van", "Dijk", "lose"}


@pytest.mark.parametrize(
    ("text", "both"),
    [
        ("/topclients 2024 2025", ("2024", "2025")),
        ("/pareto vorig jaar dit jaar", ("last-year", "this-year")),
        ("/client Van Dijk Q3 2025 all", ("2025-q3", "all")),
    ],
)
def test_two_periods_are_refused_by_name(text: str, both: tuple[str, str]) -> None:
    with pytest.raises(UserError) as error:
        parse(text, REGISTRY)
    assert "Two periods" in str(error.value)
    assert all(period in str(error.value) for period in both)


def test_the_same_period_twice_is_one() -> None:
    assert parse("/topclients 2025 2025", REGISTRY)[1].period == "2025"


@pytest.mark.parametrize("text", ["/topclients gisteren", "/pareto q5", "/sources deze maand"])
def test_an_unknown_word_lists_the_periods(text: str) -> None:
    with pytest.raises(UserError) as error:
        parse(text, REGISTRY)
    for period in ("last12m", "all", "2025", "2025-Q3", "2025-03..2025-09", "last year"):
        assert period in str(error.value)


def test_a_mistyped_command_with_arguments_is_still_guessed() -> None:
    assert "topclients" in suggestions("/topclinets 5 2025 group", REGISTRY)
    assert "topklanten" in suggestions("topklantn 5", REGISTRY)


def test_a_text_that_is_too_long_says_so() -> None:
    with pytest.raises(UserError, match="4000"):
        parse("/client " + "x" * 5_000, REGISTRY)


@settings(max_examples=500, deadline=None)
@example("/client \x00")
@example("/topclients ‮ 10")
@given(
    st.tuples(st.sampled_from(["", *(f"/{c.name} " for c in REGISTRY)]), st.text(max_size=60)).map(
        "".join
    )
)
def test_whatever_is_typed_is_a_command_or_one_clear_line(text: str) -> None:
    line = ""
    try:
        parse(text, REGISTRY)
    except (UserError, DataError) as error:
        line = str(error)
    assert len(line.splitlines()) <= 1


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("/pulse 4", "/pulse"),
        ("pulse", "/pulse"),
        ("Puls: 4", "/pulse"),
        ("/ballotage polsslag 4", "/pulse"),
        ("/pulse uitslag", "/pulse uitslag"),
        ("/pulse 4 results", "/pulse results"),
        ("/topclients 4", "/topclients 4"),
        ("wat is de pulse", "wat is de pulse"),
        ("", ""),
    ],
)
def test_of_an_unrecorded_command_only_name_and_flags_may_be_kept(text: str, kept: str) -> None:
    assert recordable(text, REGISTRY) == kept


@given(st.text(max_size=60), st.text(max_size=20))
@settings(max_examples=200, deadline=None)
def test_what_is_kept_is_read_as_the_same_command(before: str, after: str) -> None:
    """Whatever the parser takes for an answer to the pulse, nothing of the answer is kept."""
    text = f"{before}pulse 4{after}"
    kept = recordable(text, REGISTRY)
    try:
        command, _args = parse(text, REGISTRY)
    except (UserError, DataError):
        return
    if command.name == "pulse":
        assert "4" not in kept
        assert parse(kept, REGISTRY)[0].name == "pulse"
    else:
        assert kept == text
