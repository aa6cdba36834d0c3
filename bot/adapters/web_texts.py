"""The words of the browser chat around its answers, in both languages."""

from __future__ import annotations

from bot.i18n import N_, Localizer

TEXTS: dict[str, str] = {
    "skip": N_("Skip to the question field"),
    "noscript": N_("This page needs JavaScript; `app.py chat` in a terminal does not."),
    "greeting": N_("Who really pays your bills?"),
    "intro": N_(
        "Ask about your clients, where they came from, and where your team hunts. Every figure "
        "comes from your own invoices and deals."
    ),
    "conversation": N_("Conversation"),
    "examples": N_("Examples"),
    "commands": N_("Commands"),
    "role": N_("Ask as"),
    "role_sales": N_("Sales"),
    "role_mt": N_("MT"),
    "role_admin": N_("Admin"),
    "language": N_("Language"),
    "language_nl": N_("Dutch"),
    "language_en": N_("English"),
    "place": N_("You ask this in:"),
    "place_dm": N_("a direct message"),
    "place_channel": N_("a channel"),
    "place_shared": N_("a channel with outsiders"),
    "data_until": N_("data until {date}"),
    "ask_label": N_("Your question or command"),
    "placeholder": N_("Ask anything, or type /"),
    "send": N_("Send"),
    "keys": N_("Enter sends · ↑ earlier questions · Esc clears"),
    "thinking": N_("Working on it…"),
    "download": N_("Download as picture"),
    "retry": N_("Try again"),
    "gone": N_("No answer from Ballotage. Is the demo still running? Start it with `make demo`."),
}
"""Key in the page's script to message id."""


def page_texts(locale: str) -> dict[str, str]:
    """Return every text of the page in a language."""
    _ = Localizer(locale)
    return {key: _(message) for key, message in TEXTS.items()}
