"""Lines of the Teams door itself, in the language that a person's Teams is set to."""

from __future__ import annotations

from collections.abc import Callable

from bot.adapters.teams.seam import InEvent
from bot.i18n import Localizer


def texts(event: InEvent, locale: str) -> Localizer:
    """Texts for an event whose sender is not known yet; `locale` where Teams does not say."""
    return Localizer(event.locale[:2].lower() or locale)


def foreign_text(_: Callable[[str], str]) -> str:
    """Turn somebody of another organisation away."""
    return _("I answer the people of one organisation only, and this is another one.")


def hello_text(_: Callable[[str], str]) -> str:
    """Introduce the bot to a group; nothing of the company stands in it."""
    return _(
        "Hello, I am Ballotage. Mention me with a question, for instance: help. I answer "
        "whoever asks privately."
    )
