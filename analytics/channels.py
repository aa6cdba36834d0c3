"""Channels: the canonical ways in which a client comes in, and how people name them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

CHANNELS: dict[str, tuple[str, ...]] = {
    "network": (
        "network", "netwerk", "eigen netwerk", "netwerk directie", "founder network", "oprichter",
        "oprichters", "founder", "founders", "directie", "director", "personal network", "relatie",
        "bekende", "oud collega", "old colleague", "golf", "bestuur",
    ),
    "referral": (
        "referral", "referrals", "introduction", "introductie", "introducties", "aanbeveling",
        "recommendation", "word of mouth", "mond tot mond", "mond tot mondreclame", "via klant",
        "via client", "klantverwijzing", "verwijzing", "referentie", "doorverwezen", "tip",
    ),
    "partner": (
        "partner", "partners", "partnership", "partnerschap", "reseller", "alliance", "alliantie",
        "strategic partner", "strategische partner", "leverancier", "distributeur", "accountant",
    ),
    "inbound": (
        "inbound", "website", "web", "site", "seo", "google", "content", "whitepaper", "webinar",
        "contactformulier", "contact form", "nieuwsbrief", "newsletter", "ads", "adwords",
        "google ads", "blog", "zelf gemeld", "organic",
    ),
    "outbound": (
        "outbound", "prospecting", "email campaign", "cold email", "koude mail", "mailing",
        "direct mail", "campagne", "campaign", "acquisitie", "sdr", "prospectie",
    ),
    "cold_call": (
        "cold call", "cold calling", "cold calls", "koude acquisitie", "koud bellen",
        "telemarketing", "telefonische acquisitie", "gebeld", "bellen", "call", "belactie",
    ),
    "event": (
        "event", "events", "trade fair", "trade show", "fair", "beurs", "vakbeurs", "beurzen",
        "evenement", "congres", "conference", "seminar", "netwerkborrel", "exhibition", "expo",
    ),
    "tender": (
        "tender", "tenders", "aanbesteding", "aanbestedingen", "rfp", "rfi", "rfq",
        "offerteaanvraag", "tenderned",
    ),
    "social": (
        "social", "social media", "social selling", "linkedin", "facebook", "instagram", "twitter",
        "sociale media", "x",
    ),
    "other": ("other", "others", "overig", "overige", "anders", "divers", "diversen", "misc"),
    "unknown": (
        "unknown", "onbekend", "n a", "na", "nvt", "n v t", "none", "geen", "niet bekend", "null",
        "not set",
    ),
}  # fmt: skip
"""Canonical channel to the words, nl and en, that people write for it."""

_BY_WORD = {word: channel for channel, words in CHANNELS.items() for word in words} | {
    channel.replace("_", " "): channel for channel in CHANNELS
}


def normalise(text: str) -> str:
    """Lower-case, strip accents, and turn every run of other characters into one space."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", " ", plain).strip()


def channel_of(source: str | None, overrides: Mapping[str, str] | None = None) -> str:
    """Return the channel of a raw source.

    Overrides (raw text to channel, compared normalised) win; then the whole text; then its first
    known word or two-word run from the left ("Beurs Utrecht" is an event). Empty is unknown; a
    text that no word is known of is "other".
    """
    text = normalise(source or "")
    if overrides:
        for raw, channel in overrides.items():
            if normalise(raw) == text:
                return channel
    if not text:
        return "unknown"
    if text in _BY_WORD:
        return _BY_WORD[text]
    words = text.split()
    for size in (3, 2, 1):
        for start in range(len(words) - size + 1):
            run = " ".join(words[start : start + size])
            if run in _BY_WORD and len(run) > 2:
                return _BY_WORD[run]
    return "other"
