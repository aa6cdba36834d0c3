"""What a person can change about their nudges, and what they can say of one."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from bot.commands import _nudge_pages as pages
from bot.core.reply import Actions, Button, Reply, Section, Tone
from bot.core.request import Place, Role
from bot.errors import RefusedError, UserError
from bot.i18n import LOCALES
from bot.scheduling.choice import DID, LATER, NOT_USEFUL
from bot.scheduling.slots import is_zone

if TYPE_CHECKING:
    from bot.commands._nudge_pages import Asked
    from bot.storage.outbox import Kept

DAYS = (
    ("monday", "maandag", "mon", "ma"),
    ("tuesday", "dinsdag", "tue", "di"),
    ("wednesday", "woensdag", "wed", "wo"),
    ("thursday", "donderdag", "thu", "do"),
    ("friday", "vrijdag", "fri", "vr"),
    ("saturday", "zaterdag", "sat", "za"),
    ("sunday", "zondag", "sun", "zo"),
)
PAUSE_WEEKS, MOST_WEEKS = 2, 26
SURFACES = ("slack", "teams")
HERE = ("here", "hier")
OWN = ("dm", "own", "auto", "eigen", "prive", "privé")
WHY = ("known", "not-mine", "wrong", "small")
"""Reasons a button gives for "not useful"; others are typed."""


async def _chosen(asked: Asked, **values: Any) -> Reply:
    preferences = asked.desk.preferences
    await asked.services.run(
        lambda: preferences.change(asked.user, asked.services.clock(), **values)
    )
    return await pages.overview(await asked.services.run(asked.again), changed=True)


async def day(asked: Asked, words: tuple[str, ...]) -> Reply:
    """Choose the day."""
    given = words[0].lower() if words else ""
    for number, names in enumerate(DAYS):
        if given in names:
            return await _chosen(asked, weekday=number)
    raise UserError("Name a day, for example: /nudges day monday")


async def time(asked: Asked, words: tuple[str, ...]) -> Reply:
    """Choose the time."""
    text = (words[0] if words else "").replace(".", ":").replace("u", ":").rstrip(":")
    if text.isdigit() and len(text) <= 2:
        text += ":00"
    hour, _, minute = text.partition(":")
    try:
        chosen = dt.time(int(hour), int(minute))
    except ValueError:
        raise UserError("Name a time, for example: /nudges time 08:30") from None
    return await _chosen(asked, time=f"{chosen:%H:%M}")


async def zone(asked: Asked, words: tuple[str, ...]) -> Reply:
    """Choose the time zone."""
    from zoneinfo import available_timezones

    given = "_".join(words)
    names = {name.lower(): name for name in available_timezones()}
    found = names.get(given.lower()) or (given if is_zone(given) else "")
    if found:
        return await _chosen(asked, zone=found)
    from bot.core.parser import nearest

    near = nearest(given, list(names.values()), 3) if given else []
    if near:
        raise UserError(
            "I know no time zone {zone}. Did you mean {near}?",
            zone=given[:40],
            near=", ".join(near),
        )
    raise UserError("Name a time zone, for example: /nudges zone Europe/Amsterdam")


async def language(asked: Asked, words: tuple[str, ...]) -> Reply:
    """Choose the language."""
    given = words[0].lower() if words else ""
    known = {"nederlands": "nl", "dutch": "nl", "engels": "en", "english": "en"}
    locale = known.get(given, given)
    if locale not in LOCALES:
        raise UserError("Choose nl or en, for example: /nudges language nl")
    return await _chosen(asked, locale=locale)


async def channel(asked: Asked, words: tuple[str, ...]) -> Reply:
    """Choose where nudges come: the own chat on a platform, or this channel."""
    given = words[0].lower() if words else ""
    request = asked.request
    if given in SURFACES:
        return await _chosen(asked, surface=given, conversation="")
    if given in OWN:
        return await _chosen(asked, surface="", conversation="")
    if given not in HERE:
        raise UserError(
            "Choose slack, teams, here (in a cleared channel) or own, for example: /nudges channel "
            "slack"
        )
    if request.conversation.place is Place.DM:
        surface = request.surface if request.surface in SURFACES else ""
        return await _chosen(asked, surface=surface, conversation="")
    allowed = request.surface in SURFACES and await asked.services.run(
        asked.desk.may_post, asked.known, request.surface, request.conversation.id
    )
    if not allowed:
        raise RefusedError(
            "Nudges hold figures: only those of the MT can go to a channel, and only to one that "
            "an admin cleared with /ballotage clear."
        )
    return await _chosen(asked, surface=request.surface, conversation=request.conversation.id)


async def pause(asked: Asked, words: tuple[str, ...]) -> Reply:
    """Pause for some weeks."""
    given = words[0].lower().rstrip("wk") if words else str(PAUSE_WEEKS)
    if not (given.isascii() and given.isdigit() and 1 <= int(given) <= MOST_WEEKS):
        raise UserError(
            "Pause for 1 to {most} weeks, for example: /nudges pause 2", most=MOST_WEEKS
        )
    until = asked.today + dt.timedelta(weeks=int(given))
    return await _chosen(asked, paused_until=until)


async def stop(asked: Asked, words: tuple[str, ...]) -> Reply:
    """Stop, in one press."""
    return await _chosen(asked, wanted=False, rhythm="")


async def start(asked: Asked, words: tuple[str, ...]) -> Reply:
    """Begin, or go on after a pause; what fell due meanwhile is not owed."""
    values: dict[str, Any] = {"wanted": True, "paused_until": None}
    if not asked.known.wanted:
        values |= {"rhythm": "", "since": asked.services.clock()}
    return await _chosen(asked, **values)


async def _said(asked: Asked, words: tuple[str, ...], values: dict[str, Any]) -> Kept:
    """Note something about one's own nudge."""
    number = words[0].lstrip("#") if words else ""
    kept = None
    if number.isascii() and number.isdigit() and len(number) < 10:
        kept = await asked.services.run(
            lambda: asked.desk.nudges.respond(int(number), asked.user, values)
        )
    if kept is None:
        raise UserError(
            "I know no nudge {id} of yours. See them with: /nudges history", id=number[:20] or "?"
        )
    return kept


def _answer(asked: Asked, kept: Kept, text: str, *buttons: Button, **more: Any) -> Reply:
    elements: list[Any] = [Section(text, Tone.HEADLINE)]
    message = asked.desk.message(kept)
    if kept.situation:
        elements.append(Section(asked.telling.headline(message)))
    if buttons:
        elements.append(Actions(buttons))
    return Reply(tuple(elements), pages.data(asked, (kept,)) | more)


async def done(asked: Asked, words: tuple[str, ...]) -> Reply:
    """Done: it is looked at again in four weeks."""
    now = asked.services.clock()
    kept = await _said(asked, words, {"response": DID, "responded_at": now})
    _ = asked.localizer
    text = _("Good. In four weeks I look at the figure again and tell you what changed.")
    return _answer(asked, kept, text, Button(_("My nudges"), "/nudges history"))


async def later(asked: Asked, words: tuple[str, ...]) -> Reply:
    """Next week: it comes back."""
    now = asked.services.clock()
    kept = await _said(asked, words, {"response": LATER, "responded_at": now})
    _ = asked.localizer
    text = _("All right: it comes back next week, if it still holds.")
    return _answer(asked, kept, text, Button(_("Done after all"), f"/nudges done {kept.id}"))


async def not_useful(asked: Asked, words: tuple[str, ...]) -> Reply:
    """Not useful, and why: it stays away for half a year."""
    _ = asked.localizer
    why = " ".join(words[1:])[:500]
    now = asked.services.clock()
    values: dict[str, Any] = {"response": NOT_USEFUL, "responded_at": now}
    kept = await _said(asked, words[:1], values | ({"why": why} if why else {}))
    if why:
        return _answer(
            asked, kept, _("Noted, thank you. You will not get this one for half a year.")
        )
    labels = dict(
        zip(
            WHY,
            (_("I knew already"), _("Not mine to do"), _("The figures are wrong"), _("Too small")),
            strict=True,
        )
    )
    buttons = [
        Button(label, f"/nudges not-useful {kept.id} {word}") for word, label in labels.items()
    ]
    text = _("Noted: you will not get this one for half a year. What was the matter?")
    return _answer(asked, kept, text, *buttons)


async def share(asked: Asked, words: tuple[str, ...]) -> Reply:
    """Share with the MT: it stands in the next nudge of the others."""
    _ = asked.localizer
    kept = await _said(asked, words, {"shared_at": asked.services.clock()})
    text = _("Shared: the others of the MT see it with their next nudge, with your name.")
    if Role.SALES in asked.known.roles and len(asked.known.roles) == 1:
        text = _("Shared: the MT sees it with their next nudge, with your name.")
    return _answer(asked, kept, text)
