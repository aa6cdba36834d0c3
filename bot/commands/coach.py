"""`/coach QUESTION`: advice that rests on a principle and cites it, or "I don't know"."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bot.commands import _coach_words as words
from bot.commands._coach_figures import own_figures
from bot.core.advice import Advice
from bot.core.command import Accepts, Arguments, Permission, Sensitivity, command
from bot.core.reply import Actions, Button, Citation, Context, Element, Fields, Reply, Section, Tone
from bot.core.request import Request, Role
from bot.core.services import Services
from bot.errors import RefusedError, UserError
from bot.i18n import N_, Localizer

if TYPE_CHECKING:
    from knowledge.passages import Reader

FOUND = 3
"""Cards that are looked for: one to answer with, or three to choose from."""
LONGEST = 4_000
ALIASES = ("coach", "advies", "advice")
_NAMED = re.compile(rf"^\s*(?:/?ballotage\s+)?/?(?:{'|'.join(ALIASES)})\b[\s:]*", re.I)
_ACTION = re.compile(r"^(card|chunk|helpful|unhelpful):(\S{1,200})$")
ANSWER, CLOSEST, UNKNOWN, REFUSED = "answer", "closest", "unknown", "refused"


@command(
    name="coach",
    aliases=ALIASES[1:],
    summary=N_("Advice on clients, sales and people, from the principles, with your own figures"),
    usage=N_("/coach QUESTION"),
    group=N_("Coach"),
    examples=(
        "/coach prospect wil 20 % korting, wat nu?",
        "/coach how do I ask a client for an introduction?",
    ),
    accepts=frozenset({Accepts.NAME}),
    permission=Permission.NONE,
    sensitivity=Sensitivity.PUBLIC,
    order=60,
)
async def coach(request: Request, args: Arguments, services: Services) -> Reply:
    """Answer with the card, or the part of a document, that a question is about."""
    question = _question(request, args)
    if not question:
        return _invitation(request, services)
    if question.casefold() in {"stats", "statistiek", "cijfers"}:
        return await _stats(request, services)
    if action := _ACTION.match(question):
        return await _act(request, services, action[1], action[2])
    if len(question) > LONGEST:
        raise UserError(
            "That is {length} characters; ask in at most {limit}.",
            length=len(question),
            limit=LONGEST,
        )
    return await _answer(request, services, question)


def _question(request: Request, args: Arguments) -> str:
    """The question as typed: the parser writes periods in other words, which a question is not."""
    text = _NAMED.sub("", request.text, count=1) if request.text else args.text
    return " ".join(text.split())


async def _answer(request: Request, services: Services, question: str) -> Reply:
    started = time.monotonic()
    knowledge, reader = services.knowledge(), words.reader(request)
    found = await services.run(
        knowledge.search, question, request.locale, limit=FOUND, access=reader
    )
    foreign = found.language == "other"
    say = words.Saying(
        Localizer("en") if foreign else services.localizer(request),
        "en" if foreign or request.locale != "nl" else "nl",
        knowledge,
    )
    band, ids = found.band.value, [hit.id for hit in found.results]
    number = await services.run(services.questions.keep, request, question, ids, band)
    citations: tuple[Citation, ...] = ()
    principle: str | None = None
    elements: list[Element]
    best = found.results[0] if found.results else None
    if band == UNKNOWN or best is None:
        elements, ids = words.unknown(say), []
    elif best.kind == "chunk":
        chunk = await services.run(knowledge.chunk, best.id, reader)
        if chunk is None:  # removed between search and now
            raise UserError("That document was just removed; ask again.")
        cards = [knowledge.cards[h.id] for h in found.results if h.kind == "card"]
        elements = words.document(say, chunk, cards)
        citations = (words.cite_chunk(chunk, best.topic),)
    elif band == CLOSEST:
        cards = [knowledge.cards[h.id] for h in found.results if h.kind == "card"]
        cards = [card for card in cards if not card.refusal]
        elements, ids = words.closest(say, cards), [card.id for card in cards]
        citations = tuple(words.cite(say, card) for card in cards)
    else:
        card = knowledge.cards[best.id]
        own = [] if card.refusal else await own_figures(request, services, card)
        elements = words.card(say, card, own)
        citations, principle = (words.cite(say, card),), card.principle or None
        beside = [h.id for h in found.results if h.kind == "chunk" and not card.refusal]
        for chunk_id in beside[:1]:
            if (part := await services.run(knowledge.chunk, chunk_id, reader)) is not None:
                elements = words.with_document(say, elements, part)
                citations = (*citations, words.cite_chunk(part, ""))
        ids = [h.id for h in found.results if h.kind == "card"]
        if band == REFUSED:
            ids = [card.id]
    advice = None
    if services.adviser is not None and band != REFUSED:
        asked = replace(request, principal=replace(request.principal, locale=say.lang))
        spent = time.monotonic() - started
        advice = await services.adviser.advise(asked, question, spent=spent)
    if advice is not None:
        elements, citations, principle, ids = await _advised(services, say, reader, advice)
        band = ANSWER
    if foreign:
        elements.append(Context(say._("I speak Dutch and English; this is the English answer.")))
    if number is not None and band != UNKNOWN:  # what it did not know is on the list anyhow
        elements = words.with_feedback(say, elements, number)
    data = {"answered": band == ANSWER, "band": band, "principle": principle, "cards": ids}
    return Reply(tuple(elements), data, citations=citations)


async def _advised(
    services: Services, say: words.Saying, reader: Reader, advice: Advice
) -> tuple[list[Element], tuple[Citation, ...], str | None, list[str]]:
    """Elements, citations, principle and ids of what a language model answered."""
    cards = [say.knowledge.cards[p.id] for p in advice.passages if not p.document]
    found = [
        await services.run(say.knowledge.chunk, p.id, reader) for p in advice.passages if p.document
    ]
    chunks = {chunk.id: chunk for chunk in found if chunk is not None}
    citations = (
        *(words.cite(say, card) for card in cards),
        *(words.cite_chunk(chunk, "") for chunk in chunks.values()),
    )
    principle = next((card.principle for card in cards if card.principle), None)
    ids = [p.id for p in advice.passages]
    return words.advised(say, advice, chunks), citations, principle, ids


def _invitation(request: Request, services: Services) -> Reply:
    """What to ask, for who asked nothing."""
    say = words.Saying.of(request, services)
    buttons = [
        Button(example, f"/coach {example}")
        for name in ("discount-for-something", "trace-the-door", "why-they-leave")
        if (card := say.knowledge.cards.get(name))
        for example in card.text(say.lang).examples[:1]
    ]
    elements: tuple[Element, ...] = (
        Section(
            say._("What is on your mind? Ask it in your own words, for example:"), Tone.HEADLINE
        ),
        Actions(tuple(buttons)),
    )
    return Reply(elements, _nothing())


async def _act(request: Request, services: Services, what: str, which: str) -> Reply:
    say = words.Saying.of(request, services)
    if what == "card":
        card = say.knowledge.cards.get(which)
        if card is None:
            raise UserError("There is no card {id}. Ask your question again.", id=which[:60])
        own = [] if card.refusal else await own_figures(request, services, card)
        data = {
            "answered": not card.refusal,
            "band": REFUSED if card.refusal else ANSWER,
            "principle": card.principle or None,
            "cards": [card.id],
        }
        elements = words.card(say, card, own, whole=True)
        return Reply(tuple(elements), data, citations=(words.cite(say, card),))
    if what == "chunk":
        return await _chunk(request, services, say, which)
    number = int(which) if which.isascii() and which.isdigit() and len(which) < 15 else 0
    if not await services.run(services.questions.judge, request, number, what):
        raise UserError("I no longer have that question. Ask it again.")
    thanks = (
        say._("Thank you. Good to hear.")
        if what == "helpful"
        else say._("Thank you. It goes on the list of answers that must get better.")
    )
    return Reply((Section(thanks),), _nothing())


async def _chunk(request: Request, services: Services, say: words.Saying, which: str) -> Reply:
    chunk = await services.run(say.knowledge.chunk, which, words.reader(request))
    if chunk is None:
        raise UserError("That part of a document is not there, or not for you to read.")
    data = {"answered": True, "band": ANSWER, "principle": None, "cards": [which]}
    return Reply(
        tuple(words.document(say, chunk, [])), data, citations=(words.cite_chunk(chunk, ""),)
    )


async def _stats(request: Request, services: Services) -> Reply:
    """How often the coach was asked, could answer and helped; for the MT and admins."""
    if not request.principal.roles & {Role.MT, Role.ADMIN}:
        raise RefusedError("How the coach does is shown to the management team and admins.")
    counts = await services.run(services.questions.counts, request)
    _ = services.localizer(request)
    bands = dict.fromkeys((ANSWER, CLOSEST, UNKNOWN, REFUSED), 0)
    feedback = {"helpful": 0, "unhelpful": 0}
    for (band, said), count in counts.items():
        bands[band] = bands.get(band, 0) + count
        if said in feedback:
            feedback[said] += count
    total, judged = sum(bands.values()), sum(feedback.values())
    lines = [
        (_("Questions"), _.number(total)),
        (_("Answered"), _.number(bands[ANSWER])),
        (_("Not sure, three principles offered"), _.number(bands[CLOSEST])),
        (_("Did not know"), _.number(bands[UNKNOWN])),
        (_("Not for me, sent elsewhere"), _.number(bands[REFUSED])),
        (
            _("Found helpful"),
            _("{helpful} of {judged} judged", helpful=feedback["helpful"], judged=judged),
        ),
    ]
    elements: list[Element] = [Section(_("How the coach does"), Tone.TITLE), Fields(tuple(lines))]
    if bands[CLOSEST] + bands[UNKNOWN]:
        elements.append(
            Context(_("What went unanswered: python app.py knowledge gaps, on the server."))
        )
    stats: dict[str, Any] = {"questions": total, "bands": bands, **feedback}
    return Reply(tuple(elements), _nothing() | {"stats": stats})


def _nothing() -> dict[str, Any]:
    return {"answered": False, "band": UNKNOWN, "principle": None, "cards": []}
