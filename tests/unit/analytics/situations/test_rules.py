"""Each situation has a history in which it holds, and one a step short of it."""

from __future__ import annotations

import string
from collections.abc import Callable

import pytest

from analytics.situations.finding import Finding
from analytics.situations.rules import RULES, findings
from analytics.situations.signals import (
    AnsweredQuestion,
    MtWeek,
    PulseNote,
    Signals,
    VerdictNote,
)
from analytics.situations.view import View
from bot.core.figures import Figures
from bot.i18n import Localizer
from bot.scheduling.deciding import _plain as plain
from bot.scheduling.telling import WORDS, Message, Telling
from tests.unit.analytics.situations.company import BIG, REP, TODAY, Company, days_ago, season

Case = tuple[Callable[[], View], Callable[[], View]]


def verdict(deal: str, said: str = "decline", ago: int = 30) -> VerdictNote:
    return VerdictNote(days_ago(ago), deal, f"Prospect {deal}", said)


def quiet(gap: int, names: tuple[str, ...] = ()) -> View:
    made = Company().forget("b1").invoice("b1", 1_000, -700, -gap)
    return made.client("b1", owner=REP).view(names=names)


def back(returned: bool) -> View:
    made = Company().forget("b1").invoice("b1", 1_000, -700, -58)
    return (made.invoice("b1", 1_000, -5, -5) if returned else made).view()


def steeper(amount: int) -> View:
    return Company().forget("b1", -182).invoice("b1", amount, -178, 0).view()


def heavy(amount: int) -> View:
    return Company(season(1)).forget("b1").invoice("b1", amount, -900, 0).view()


def newcomer(amount: int) -> View:
    return Company().client("n1").invoice("n1", amount, -24, -3).view()


def lost(lump: int) -> View:
    made = Company().forget("b5").invoice("b5", 60_000, lump, lump).invoice("b5", 10, -350, 0)
    return made.view()


def rising(extra: int) -> View:
    return Company().invoice("s01", extra, -10, -10).view()


def shrinking(amount: int) -> View:
    return Company().forget("b1", -41).invoice("b1", amount, -40, 0).view()


def unowned(owner: str | None) -> View:
    return Company(season(0)).client("b1", owner=owner).view()


def anniversary(days: int) -> View:
    made = Company()
    since = f"2021-{made.day(days)[5:]}"
    return made.client("b1", since=since).view()


def introduced(first: int) -> View:
    made = Company().client("n1", referred_by="b1", source="Introductie")
    return made.invoice("n1", 100, first, first).view()


def aligned(near: int) -> View:
    made = Company(season(6))
    for number in range(10):
        made.deal(number, source="Netwerk" if number < near else "Beurs")
    return made.view()


def drifting(lost_one: bool) -> View:
    made = Company()
    for number in range(5):
        made.deal(number, "lost" if lost_one else "open", -200, -30 if lost_one else None)
        made.deal(10 + number, source="Beurs", created=-200)
    return made.view()


def dry(last: int) -> View:
    made = Company().client("n1").client("n2")
    return made.invoice("n1", 100, -250, -250).invoice("n2", 100, last, last).view()


def ars(amount: int) -> View:
    made = Company().client("b1", source="Beurs").forget("b1", -182)
    return made.invoice("b1", amount, -178, 0).view()


def blank(*clients: str) -> View:
    made = Company(season(9))
    for client in clients:
        made.client(client, source="")
    return made.view()


def thin(gone: int) -> View:
    made = Company()
    for number in range(10):
        closed = -30 if number < gone else None
        made.deal(number, "open" if closed is None else "lost", -200, closed)
    return made.view()


def won_in_thirty(made: Company, count: int = 10, owner: str = REP) -> Company:
    for number in range(count):
        made.deal(100 + number, "won", -60 - number, -30 - number, owner=owner)
    return made


def old(count: int) -> View:
    made = won_in_thirty(Company(season(11)))
    for number in range(10):
        made.deal(number, created=-70 if number < count else -10)
    return made.view()


def rates(won: int) -> View:
    made = Company(season(3))
    for number in range(20):
        made.deal(number, "won" if number < won else "lost", -200, -100)
        made.deal(50 + number, "won" if number < 10 else "lost", -400, -300)
    return made.view()


def win(closed: int, names: tuple[str, ...] = ()) -> View:
    made = won_in_thirty(Company()).deal(1, "won", -60, closed, 5_000)
    return made.view(names=names)


def cold(minutes: int) -> View:
    made = Company(season(12)).note(-10, "trade_fair", minutes)
    return made.note(-11, "call", 1_200 - minutes).view()


def declined(ago: int, names: tuple[str, ...] = ()) -> View:
    made = Company().deal(1)
    return made.view(Signals(verdicts=(verdict("D1", ago=ago),)), names)


def unfit(minutes: int) -> View:
    made = Company().deal(1).deal(2)
    made.note(-5, minutes=minutes, deal="D1").note(-6, minutes=400 - minutes, deal="D2")
    return made.view(Signals(verdicts=(verdict("D1"),)))


def wrong(count: int) -> View:
    made = Company()
    notes = []
    for number in range(5):
        made.deal(number, "won" if number < count else "lost", -100, -20)
        notes.append(verdict(f"D{number}", ago=60))
    return made.view(Signals(verdicts=tuple(notes)))


def pulse(average: float) -> View:
    weeks = (
        PulseNote(days_ago(56), "joy", "joy in the work", 3.9, 10),
        PulseNote(days_ago(14), "joy", "joy in the work", average, 10),
    )
    return Company().view(Signals(pulses=weeks))


def mt_time(share: float) -> View:
    return Company().view(Signals(mt_weeks=(MtWeek(days_ago(14), share, 3),)))


def answered(ago: int) -> View:
    asked = AnsweredQuestion(days_ago(ago), "mogen we nee zeggen?", "say-no-early", "Zeg nee")
    return Company().view(Signals(answered=(asked,)))


def not_asked(asked: bool, offset: int, names: tuple[str, ...] = ()) -> View:
    made = Company(season(offset)).note(-5)
    for client in BIG:
        made.client(client, since="2020-01-01", owner=REP)
        if asked:
            made.note(-100, "referral_asked", client=client)
    return made.view(names=names)


def silent(gap: int) -> View:
    return Company().deal(1).note(-gap, deal="D1").view(names=(REP,))


def unjudged(age: int) -> View:
    return Company().deal(1, created=-age).view(names=(REP,))


def own_old(age: int) -> View:
    made = won_in_thirty(Company(), owner="somebody@acme.example").deal(1, created=-age)
    return made.view(names=(REP,))


def none_new(newest: int) -> View:
    made = Company()
    for number, created in enumerate((-50, -60, -70, -newest)):
        made.deal(number, created=created)
    return made.view(names=(REP,))


def many(count: int) -> View:
    made = Company(season(4))
    for number in range(count):
        made.deal(number)
    return made.view(names=(REP,))


OWN = (REP,)
CASES: dict[str, Case] = {
    "top-client-quiet": (lambda: quiet(22), lambda: quiet(21)),
    "own-client-quiet": (lambda: quiet(22, OWN), lambda: quiet(21, OWN)),
    "top-client-back": (lambda: back(True), lambda: back(False)),
    "concentration-rising": (lambda: steeper(10_000), lambda: steeper(2_000)),
    "largest-client-heavy": (lambda: heavy(1_300), lambda: heavy(1_200)),
    "new-top-client": (lambda: newcomer(12_000), lambda: newcomer(3_000)),
    "top-client-lost": (lambda: lost(-375), lambda: lost(-300)),
    "client-rising": (lambda: rising(3_000), lambda: rising(1_000)),
    "top-client-shrinking": (lambda: shrinking(100), lambda: shrinking(500)),
    "top-client-without-owner": (lambda: unowned(None), lambda: unowned("Ann")),
    "anniversary": (lambda: anniversary(3), lambda: anniversary(7)),
    "introduction-landed": (lambda: introduced(-13), lambda: introduced(-14)),
    "data-stale": (lambda: Company(upto=-15).view(), lambda: Company(upto=-14).view()),
    "alignment-low": (lambda: aligned(4), lambda: aligned(5)),
    "pipeline-drifting": (lambda: drifting(True), lambda: drifting(False)),
    "source-dried-up": (lambda: dry(-182), lambda: dry(-181)),
    "ars-falling": (lambda: ars(0), lambda: ars(500)),
    "unknown-sources": (lambda: blank("b1", "b2"), lambda: blank("b1")),
    "pipeline-thin": (lambda: thin(3), lambda: thin(2)),
    "pipeline-old": (lambda: old(3), lambda: old(2)),
    "win-rate-dropping": (lambda: rates(8), lambda: rates(9)),
    "win-to-celebrate": (lambda: win(-7), lambda: win(-8)),
    "own-win": (lambda: win(-7, OWN), lambda: win(-8, OWN)),
    "hours-cold": (lambda: cold(300), lambda: cold(299)),
    "declined-still-open": (lambda: declined(14), lambda: declined(13)),
    "own-declined-open": (lambda: declined(14, OWN), lambda: declined(13, OWN)),
    "effort-on-unfit-deals": (lambda: unfit(120), lambda: unfit(119)),
    "verdicts-wrong": (lambda: wrong(2), lambda: wrong(1)),
    "pulse-dropping": (lambda: pulse(3.6), lambda: pulse(3.7)),
    "mt-time-low": (lambda: mt_time(0.79), lambda: mt_time(0.80)),
    "question-answered": (lambda: answered(14), lambda: answered(15)),
    "no-introduction-asked": (lambda: not_asked(False, 7), lambda: not_asked(True, 7)),
    "own-introduction": (lambda: not_asked(False, 0, OWN), lambda: not_asked(True, 0, OWN)),
    "own-deal-silent": (lambda: silent(21), lambda: silent(20)),
    "own-deal-unjudged": (lambda: unjudged(7), lambda: unjudged(6)),
    "own-deal-old": (lambda: own_old(61), lambda: own_old(60)),
    "own-nothing-new": (lambda: none_new(29), lambda: none_new(28)),
    "own-too-many": (lambda: many(15), lambda: many(14)),
}


def found(situation: str, view: View) -> list[Finding]:
    rule = RULES[situation]
    return [f for f in findings(view, rule.audience) if f.situation == situation]


def test_every_rule_has_a_case() -> None:
    assert set(CASES) == set(RULES)
    assert len(RULES) >= 20


@pytest.mark.parametrize("situation", CASES)
def test_it_holds_and_a_step_short_of_it_does_not(situation: str) -> None:
    holds, short = CASES[situation]
    view = holds()
    (first, *_) = found(situation, view)
    assert 0 <= first.urgency <= 1
    assert first.figures
    assert first.as_of <= view.day
    assert found(situation, short()) == []


@pytest.mark.parametrize("situation", CASES)
def test_the_measure_can_be_looked_at_again(situation: str) -> None:
    view = CASES[situation][0]()
    finding, rule = found(situation, view)[0], RULES[situation]
    again = rule.look(view, finding.subject)
    if again is not None:
        assert again == pytest.approx(finding.measure)
    else:
        assert rule.up_is_worse is None


@pytest.mark.parametrize("locale", ["nl", "en"])
@pytest.mark.parametrize("situation", CASES)
def test_its_words_have_every_figure_they_name(situation: str, locale: str) -> None:
    finding = found(situation, CASES[situation][0]())[0]
    words = WORDS[situation]
    names = {
        name
        for text in (words.headline, words.evidence, words.action)
        for _l, name, _f, _c in string.Formatter().parse(text)
        if name
    }
    assert names <= set(finding.figures)
    content = {"figures": plain(finding), "as_of": finding.as_of.isoformat()}
    message = Message(1, "2026-W48", situation, finding.subject, content)
    telling = Telling(Figures(Localizer(locale)))
    said = [telling.headline(message), telling.evidence(message), telling.action(message)]
    assert all("{" not in text and "–" not in text for text in said)
    assert telling.card(message) is not None


@pytest.mark.parametrize("situation", CASES)
def test_the_past_looks_the_same_as_it_did(situation: str) -> None:
    # Nothing lies after the day in these histories, so knowing nothing later changes nothing.
    view = CASES[situation][0]()
    import dataclasses

    past = dataclasses.replace(view, past=True)
    assert {f.subject for f in found(situation, past)} == {
        f.subject for f in found(situation, view)
    }


def test_a_rep_sees_only_their_own() -> None:
    made = Company().deal(1).deal(2, owner="other@acme.example")
    view = made.note(-21, deal="D1").note(-21, deal="D2").view(names=(REP,))
    assert {f.subject for f in found("own-deal-silent", view)} == {"D1"}


def test_what_is_not_loaded_is_no_situation() -> None:
    from tests.snapshots import make

    for lines in ([], [("a", "2026-11-01", 10)]):
        view = View(make(lines), TODAY)
        assert [f.situation for f in findings(view, RULES["top-client-quiet"].audience)] in (
            [], ["data-stale"],
        )  # fmt: skip
