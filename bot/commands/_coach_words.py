"""How the coach says it: a card, three to choose from, a part of a document, or that it does not know."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bot.core.advice import Advice
from bot.core.reply import Actions, Button, Citation, Context, Element, Section, Tone
from bot.core.request import Place, Request, Role
from bot.core.services import Knowledge, Services
from bot.i18n import Localizer

if TYPE_CHECKING:
    from knowledge.cards import Card
    from knowledge.chunks import Chunk
    from knowledge.passages import Reader

CHUNK_SHOWN = 900
"""Characters of a document's part in an answer; the button shows all of it."""


@dataclass(frozen=True, slots=True)
class Saying:
    """In which language, and from which cards."""

    _: Localizer
    lang: Literal["nl", "en"]
    knowledge: Knowledge

    @classmethod
    def of(cls, request: Request, services: Services) -> Saying:
        """In the asker's language."""
        lang: Literal["nl", "en"] = "nl" if request.locale == "nl" else "en"
        return cls(services.localizer(request), lang, services.knowledge())


def reader(request: Request) -> Reader:
    """Whose documents the asker may read: none without a role, the MT's own for the MT alone.

    Those in a direct message only: who else is in a channel is not known here.
    """
    roles = request.principal.roles
    if roles & {Role.MT, Role.ADMIN} and request.conversation.place is Place.DM:
        return "mt"
    return "all" if roles else "public"


def card(say: Saying, shown: Card, own: Sequence[Element], *, whole: bool = False) -> list[Element]:
    """A card: what we think, what to do, the facts with their source, the question to put to yourself.

    whole: as opened by its button; else with a button that opens its source.
    """
    _, text = say._, shown.text(say.lang)
    out: list[Element] = [Section(text.title, Tone.TITLE), Section(text.statement)]
    out += own
    out.append(
        Section("\n".join(f"{number}. {step.text}" for number, step in enumerate(text.steps, 1)))
    )
    if shown.refusal:
        out.append(_buttons(say, shown, source=False))
        return out
    out.append(Section(_("Ask yourself: {question}", question=text.question), Tone.HEADLINE))
    for fact in shown.facts:
        source = fact.source.label(say.lang)
        out.append(Section(f"{fact.text(say.lang)} ({source})"))
    out.append(_buttons(say, shown, source=not whole))
    out.append(Context(_rests_on(say, shown)))
    return out


def _rests_on(say: Saying, shown: Card) -> str:
    """Where it comes from, and what of it is our own advice."""
    _, steps = say._, shown.text(say.lang).steps
    source = shown.source.label(say.lang) if shown.source else ""
    ours = [str(number) for number, step in enumerate(steps, 1) if step.coaching]
    if shown.coaching:
        return _("Coaching of our own, in the spirit of {source}.", source=source)
    text = _("Rests on {source}.", source=source)
    if len(ours) == len(steps):
        return text + " " + _("The steps are coaching: our own advice.")
    if ours:
        return (
            text
            + " "
            + _.n(
                "Step {steps} is coaching: our own advice.",
                "Steps {steps} are coaching: our own advice.",
                len(ours),
                steps=_.join(ours),
            )
        )
    return text


def _buttons(say: Saying, shown: Card, *, source: bool) -> Actions:
    """The source and two related cards, each opening a card."""
    _ = say._
    buttons = []
    if source and shown.source:
        label = _("Source: {source}", source=shown.source.label(say.lang))
        buttons.append(Button(label, f"/coach card:{shown.id}"))
    buttons += [_opens(say, say.knowledge.cards[other]) for other in shown.related]
    return Actions(tuple(buttons))


def _opens(say: Saying, shown: Card) -> Button:
    return Button(shown.text(say.lang).title, f"/coach card:{shown.id}")


def closest(say: Saying, cards: Sequence[Card]) -> list[Element]:
    """Three principles to choose from, where none is surely meant."""
    _ = say._
    return [
        Section(
            _("I am not sure what you are after. These come closest; is it one of them?"),
            Tone.HEADLINE,
        ),
        Actions(tuple(_opens(say, each) for each in cards)),
        Context(_("None of these? Say it in other words, with what happened and what you want.")),
    ]


def unknown(say: Saying) -> list[Element]:
    """That it does not know, and what it can do."""
    _ = say._
    return [
        Section(_("I don't know that, and I won't make it up."), Tone.HEADLINE),
        Section(
            _(
                "What I can do: advise on choosing clients, prices and discounts, top clients and "
                "where they come from, introductions, your team and leading it; and answer from "
                "your own invoices and deals."
            )
        ),
        Actions(
            (
                Button(_("Who are our top clients?"), "/topclients"),
                Button(_("How did they come in?"), "/sources"),
                Button(_("What can I ask?"), "/ballotage help"),
            )
        ),
    ]


def document(say: Saying, chunk: Chunk, cards: Sequence[Card]) -> list[Element]:
    """What one of the company's own documents says, and the cards nearest to it."""
    _ = say._
    text = chunk.text
    cut = bool(cards) and len(text) > CHUNK_SHOWN
    if cut:
        text = text[:CHUNK_SHOWN].rsplit(" ", 1)[0] + " …"
    buttons = [Button(_("Read it all"), f"/coach chunk:{chunk.id}")] if cut else []
    buttons += [_opens(say, each) for each in cards[:2] if not each.refusal]
    out: list[Element] = [
        Section(_title(chunk), Tone.TITLE),
        Section(f"“{text}”"),
    ]
    if buttons:
        out.append(Actions(tuple(buttons)))
    out.append(Context(_("From your own document {source}.", source=source_of(chunk))))
    return out


def advised(say: Saying, advice: Advice, chunks: Mapping[str, Chunk]) -> list[Element]:
    """What a language model wrote, with what it rests on as buttons."""
    _, cards = say._, say.knowledge.cards
    sources = [chunks[p.id].file if p.id in chunks else cards[p.id].text(say.lang).title
               for p in advice.passages if p.id in chunks or p.id in cards]  # fmt: skip
    out: list[Element] = [Section(part) for part in _paragraphs(advice, chunks)]
    buttons = [_opens(say, cards[p.id]) for p in advice.passages if p.id in cards]
    buttons += [Button(_title(c), f"/coach chunk:{c.id}") for c in chunks.values()]
    buttons += [Button(line, line) for line in advice.commands]
    if buttons:
        out.append(Actions(tuple(buttons)))
    rests = []
    if sources:
        rests.append(_("Rests on {source}.", source=_.join(list(dict.fromkeys(sources)))))
    if advice.commands:
        rests.append(_("Figures from {commands}.", commands=_.join(list(advice.commands))))
    written = _("Written by a language model; each number stands in what it looked up.")
    out.append(Context(" ".join((*rests, written))))
    return out


def _paragraphs(advice: Advice, chunks: Mapping[str, Chunk]) -> list[str]:
    """The text in paragraphs; where a document is cited stands its place, a card has its button."""
    text = advice.text
    for chunk in chunks.values():
        text = text.replace(f"[{chunk.id}]", f"({source_of(chunk)})")
    for passage in advice.passages:
        text = re.sub(r"[ \t]*" + re.escape(f"[{passage.id}]"), "", text)
    text = re.sub(r"\*\*|__|`", "", text)
    return [part.strip() for part in re.split(r"\n\s*\n", text) if part.strip()]


def _title(chunk: Chunk) -> str:
    return " · ".join(dict.fromkeys(part for part in (chunk.title, chunk.part) if part))


def source_of(chunk: Chunk) -> str:
    """How a part of a document is cited: file, part and page."""
    page = f"p. {chunk.page}" if chunk.page else ""
    return ", ".join(part for part in (chunk.file, chunk.part, page) if part)


def cite(say: Saying, shown: Card) -> Citation:
    """The citation of a card."""
    source = shown.source.label(say.lang) if shown.source else ""
    return Citation(shown.id, shown.text(say.lang).title, shown.principle, shown.topic, source)


def cite_chunk(chunk: Chunk, topic: str) -> Citation:
    """The citation of a part of a document."""
    return Citation(chunk.id, _title(chunk), "", topic, source_of(chunk))


def with_document(say: Saying, elements: Sequence[Element], chunk: Chunk) -> list[Element]:
    """The same, with a button to what the company's own document says about it."""
    button = Button(_title(chunk), f"/coach chunk:{chunk.id}")
    note = Context(say._("Also in your own document {source}.", source=source_of(chunk)))
    out = list(elements)
    for place in range(len(out) - 1, -1, -1):
        found = out[place]
        if isinstance(found, Actions):
            out[place] = Actions((*found.buttons, button))
            return [*out, note]
    return [*out, Actions((button,)), note]


def with_feedback(say: Saying, elements: Sequence[Element], number: int) -> list[Element]:
    """The same with two buttons that say whether it helped, in the last row of buttons."""
    _ = say._
    asked = (
        Button(_("Helpful"), f"/coach helpful:{number}"),
        Button(_("Not helpful"), f"/coach unhelpful:{number}"),
    )
    out = list(elements)
    for place in range(len(out) - 1, -1, -1):
        found = out[place]
        if isinstance(found, Actions):
            out[place] = Actions((*found.buttons, *asked))
            return out
    return [*out, Actions(asked)]
