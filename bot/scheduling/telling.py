"""A nudge in words: rendered anew each time, in the reader's language and as they may see figures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, cast

from bot.core.figures import HIDDEN, Figures, channel_name
from bot.core.reply import Actions, Button, Citation, Context, Element, Reply, Section, Tone
from bot.i18n import Localizer
from bot.scheduling.slots import IsoWeek
from bot.scheduling.wording import Words
from bot.scheduling.words_clients import CLIENTS
from bot.scheduling.words_hunting import HUNTING
from bot.scheduling.words_own import OWN

if TYPE_CHECKING:
    from knowledge.cards import Card

WORDS: dict[str, Words] = {**CLIENTS, **HUNTING, **OWN}


@dataclass(frozen=True, slots=True)
class Message:
    """What a nudge says, as it is stored: figures and reasons, no words."""

    id: int
    iso_week: str
    situation: str
    subject: str
    content: Mapping[str, Any] = field(default_factory=dict)

    @property
    def as_of(self) -> dt.date | None:
        """The day of its figures."""
        found = self.content.get("as_of")
        return dt.date.fromisoformat(found) if isinstance(found, str) else None


@lru_cache(maxsize=1)
def cards() -> dict[str, Card]:
    """The principle cards by id."""
    from knowledge.cards import load

    return {card.id: card for card in load()}


class Telling:
    """Says things to one reader."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures
        self._ = figures.localizer

    @property
    def localizer(self) -> Localizer:
        """Texts and numbers of this reader."""
        return self._

    @property
    def exact(self) -> bool:
        """Whether this reader may see amounts as they are."""
        return self._figures.exact

    def drawn(self, share: float) -> float:
        """A share for a picture."""
        return self._figures.drawn(share)

    def figure(self, unit: str, value: Any) -> str:
        """One figure."""
        _ = self._
        match unit:
            case "money":
                return self._figures.money(int(value))
            case "share":
                return self._figures.share(float(value))
            case "change":
                shown = self._figures.share_value(float(value))
                return HIDDEN if shown is None else _.signed_percent(shown)
            case "days":
                return _.n("{n} day", "{n} days", round(float(value)))
            case "count":
                return _.number(round(float(value)))
            case "number":
                return _.number(float(value), 1)
            case "date":
                return _.date(dt.date.fromisoformat(str(value)))
            case "channel":
                return channel_name(_, str(value))
            case "theme":
                return _(str(value))
        return str(value)

    def _values(self, message: Message) -> Mapping[str, str]:
        given: Mapping[str, Sequence[Any]] = message.content.get("figures", {})
        said = {name: self.figure(str(each[0]), each[1]) for name, each in given.items()}
        said.setdefault("amount", self._("amount not known"))
        return _Lenient(said)

    def headline(self, message: Message) -> str:
        """What is going on, in one sentence."""
        return self._fill(WORDS[message.situation].headline, message)

    def evidence(self, message: Message) -> str:
        """The figures beneath it."""
        return self._fill(WORDS[message.situation].evidence, message)

    def action(self, message: Message) -> str:
        """The one thing to do."""
        return self._fill(WORDS[message.situation].action, message)

    def measure(self, situation: str, subject: str) -> str:
        """What the figure of a follow-up is called."""
        return self._(WORDS[situation].measure).format_map(_Lenient({"subject": subject}))

    def name(self, message: Message) -> str:
        """Whom or what it is about."""
        given = message.content.get("figures", {})
        for key in ("client", "prospect", "channel", "topic"):
            if key in given:
                return self.figure(*given[key])
        return message.subject

    def _fill(self, text: str, message: Message) -> str:
        return self._(text).format_map(self._values(message))

    def follow_up(self, each: Mapping[str, Any]) -> str:
        """What became of a figure since the person said they did something about it."""
        _ = self._
        subject = self.figure(*each["subject"])
        if "ended" in each:
            params = {"did": self.figure("date", each["did"]), "subject": subject,
                      "on": self.figure("date", each["on"])}  # fmt: skip
            if each["ended"] == "won":
                return _(
                    "You did something about it on {did}. {subject} was won on {on}.", **params
                )
            return _("You did something about it on {did}. {subject} was lost on {on}.", **params)
        unit = str(each["unit"])
        line = _(
            "You did something about it on {did}. {measure}: {then} then, {now} on {date}.",
            did=self.figure("date", each["did"]),
            measure=self.measure(str(each["situation"]), subject),
            then=self.figure(unit, each["then"]),
            now=self.figure(unit, each["now"]),
            date=self.figure("date", each["now_at"]),
        )
        ends = {
            "better": _("That helped, or time did: keep it up."),
            "worse": _("It got worse: what did you learn?"),
            "same": _("No change yet: once more, or another way?"),
        }
        return f"{line} {ends[str(each['trend'])]}" if each.get("trend") else line

    def reasons(self, message: Message) -> str:
        """Why this, why you."""
        return " ".join(self._reason(code, params) for code, params in _pairs(message.content))

    def _reason(self, code: str, params: Mapping[str, Any]) -> str:
        _ = self._
        known = {
            name: self.figure("date", value)
            if name == "date"
            else self.figure(*value)
            if name in ("then", "now")
            else value
            for name, value in params.items()
        }
        count = int(params.get("n", 0))
        match code:
            case "urgent":
                return _.n(
                    "It is the only thing in the figures that asks for you now.",
                    "Of {n} things in the figures this one matters most to you now.",
                    count,
                )
            case "best":
                return _.n(
                    "It is what stands out in the figures now.",
                    "Of {n} things in the figures this is the best one to act on now.",
                    count,
                )
            case "new":
                return _("You have not had this one before.")
            case "worse":
                return _("It got worse since {date}: {then} then, {now} now.", **known)
            case "asked":
                return _("On {date} you asked to have it again.", **known)
            case "did":
                return _("You acted on one like it before.")
            case "colleagues":
                return _("{names} got it too: agree who acts.", names=_.join(list(params["names"])))
            case "mt":
                return _("You get it as a member of the MT.")
            case "own":
                return _("It is about your own pipeline; nobody else gets it.")
            case "nothing":
                return _("None of the rules finds anything in the figures that needs you.")
            case "all_told":
                return _(
                    "What there is you were told in the last six weeks, or is too small for a week."
                )
        return ""

    def why_not(self, code: str, params: Mapping[str, Any]) -> str:
        """Why a finding was passed over."""
        _ = self._
        date = self.figure("date", params["date"]) if "date" in params else ""
        match code:
            case "told":
                return _("told on {date}, and not worse since", date=date)
            case "near":
                return _("one like it on {date}", date=date)
            case "unwanted":
                return _("not useful, you said on {date}", date=date)
            case "little":
                return _("too small for a week")
        return _("less urgent")

    def card(self, message: Message) -> Card | None:
        """The principle beneath it."""
        wanted = WORDS[message.situation].card
        if message.situation == "question-answered":
            wanted = message.subject
        return cards().get(wanted)

    def citation(self, message: Message) -> tuple[Citation, ...]:
        """The principle as a citation."""
        card = self.card(message)
        if card is None:
            return ()
        language = cast(Literal["nl", "en"], self._.locale)
        source = card.source.label(language) if card.source else ""
        title = card.text(language).title
        return (Citation(card.id, title, card.principle, card.topic, source),)

    def reply(self, message: Message, *, buttons: bool = True) -> Reply:
        """The whole nudge."""
        _ = self._
        quiet = message.situation.startswith("quiet-week")
        number = IsoWeek.read(message.iso_week).number
        elements: list[Element] = [
            Section(_("Your nudge of week {week}", week=number), Tone.TITLE),
        ]
        if quiet:
            elements.append(
                Section(_("A quiet week: nothing in the figures needs you."), Tone.HEADLINE)
            )
            elements.append(Section(self.headline(message)))
        else:
            elements.append(Section(self.headline(message), Tone.HEADLINE))
        elements.append(Section(self.evidence(message)))
        elements.append(Section(_("This week: {action}", action=self.action(message))))
        elements += [
            Section(_("Looked at again: {line}", line=self.follow_up(each)))
            for each in message.content.get("follow_ups", ())
        ]
        for each in message.content.get("shared", ()):
            line = _("{name} shared with the MT: {headline}", name=each["by"],
                     headline=self.headline(_shared(each)))  # fmt: skip
            elements.append(Section(line))
        if buttons:
            elements.append(self.buttons(message, quiet=quiet))
        elements += self._small_print(message)
        return Reply(
            tuple(elements),
            {"nudge": self.data(message)},
            command="nudges",
            locale=_.locale,
            citations=self.citation(message),
            as_of=message.as_of,
        )

    def buttons(self, message: Message, *, quiet: bool = False) -> Actions:
        """What can be done with it, in one press."""
        _, n = self._, message.id
        if quiet:
            return Actions(
                (
                    Button(_("Top clients"), "/topclients"),
                    Button(_("My nudges"), "/nudges history"),
                )
            )
        return Actions(
            (
                Button(_("Done"), f"/nudges done {n}", "primary"),
                Button(_("Next week"), f"/nudges later {n}"),
                Button(_("Not useful"), f"/nudges not-useful {n}"),
                Button(_("The evidence"), f"/nudges evidence {n}"),
                Button(_("Share with the MT"), f"/nudges share {n}"),
            )
        )

    def _small_print(self, message: Message) -> Iterator[Element]:
        _ = self._
        card = self.card(message)
        if card is not None:
            title = card.text(cast(Literal["nl", "en"], _.locale)).title
            yield Context(_("Principle: {title}", title=title))
        yield Context(_("Why this, why you: {why}", why=self.reasons(message)))
        if message.as_of:
            yield Context(_("Figures as of {date}.", date=_.date(message.as_of)))

    def data(self, message: Message) -> dict[str, Any]:
        """The same as data; amounts as this reader may see them."""
        card = self.card(message)
        return {
            "id": message.id or None,
            "week": message.iso_week,
            "situation": message.situation,
            "subject": message.subject or None,
            "headline": _plain(self.headline(message)),
            "evidence": _plain(self.evidence(message)),
            "action": _plain(self.action(message)),
            "why": _plain(self.reasons(message)),
            "card": card.id if card else None,
            "topic": card.topic if card else None,
            "as_of": message.as_of,
            "urgency": message.content.get("urgency"),
            "follow_ups": [
                _plain(self.follow_up(f)) for f in message.content.get("follow_ups", ())
            ],
        }


class _Lenient(dict[str, str]):
    """A figure that an older version did not store is shown as unknown, never as an error."""

    def __missing__(self, key: str) -> str:
        return HIDDEN


def _pairs(content: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for code, params in content.get("reasons", ()):
        yield str(code), params


def _shared(each: Mapping[str, Any]) -> Message:
    return Message(
        0, str(each["week"]), str(each["situation"]), str(each["subject"]), each["content"]
    )


def _plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ")
