"""Dutch and English: gettext catalogues read at start, numbers and dates by Babel.

English texts in the code are the message ids; `bot/locales/<lang>/bot.po` holds the translations.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files
from typing import Protocol, runtime_checkable

from babel.dates import format_date, format_datetime
from babel.numbers import format_compact_currency, format_currency, format_decimal

LOCALES = ("nl", "en")
OUR_WORDS = frozenset({"permission", "usage", "what", "where", "problem", "reason"})
"""Parameters of errors that are messages themselves; any other may be what somebody typed."""


def N_(message: str) -> str:  # noqa: N802 (gettext's own name)
    """Mark a message for translation later."""
    return message


@lru_cache(maxsize=8)
def catalogue(locale: str) -> Mapping[str, str | tuple[str, ...]]:
    """Read the messages of a language; a plural's value is a tuple of its forms.

    The .po file is read as it is: no compiled files to forget.
    """
    from babel.messages.pofile import read_po

    path = files("bot") / "locales" / locale / "bot.po"
    if not path.is_file():
        return {}
    with path.open("rb") as file:
        read = read_po(file, locale=locale)
    out: dict[str, str | tuple[str, ...]] = {}
    for message in read:
        if not message.id or message.fuzzy:
            continue
        key = message.id[0] if isinstance(message.id, tuple | list) else message.id
        text = message.string
        if isinstance(text, tuple | list):
            if all(text):
                out[key] = tuple(text)
        elif text:
            out[key] = text
    return out


@runtime_checkable
class Told(Protocol):
    """An error whose message is a template, translated late."""

    message: str
    params: dict[str, object]


class Localizer:
    """Texts, numbers and dates in one language. Call it: `_("{n} rows", n=3)`."""

    def __init__(self, locale: str, currency: str = "EUR") -> None:
        self.locale = locale if locale in LOCALES else "en"
        self.currency = currency
        self._messages = catalogue(self.locale) if self.locale != "en" else {}

    def __call__(self, message: str, /, **params: object) -> str:
        """Translate a message and fill in its `{named}` parameters."""
        text = self._messages.get(message, message)
        if isinstance(text, tuple):
            text = text[-1]
        return text.format(**params) if params else text

    def error(self, error: Told) -> str:
        """Translate an error, with the errors and the words of ours among its parameters."""
        params = {
            name: self.error(value)
            if isinstance(value, Told)
            else self(value)
            if isinstance(value, str) and name in OUR_WORDS
            else value
            for name, value in error.params.items()
        }
        return self(error.message, **params)

    def n(self, singular: str, plural: str, count: int, /, **params: object) -> str:
        """Translate by count, which is also available as `{n}` (grouped)."""
        forms = self._messages.get(singular, (singular, plural))
        if isinstance(forms, str):
            forms = (forms, forms)
        text = forms[0] if count == 1 else forms[-1]
        return text.format(n=self.number(count), **params)

    def money(self, amount: Decimal | float, *, cents: bool = False) -> str:
        """Format in the home currency, whole units unless `cents`."""
        if self.locale == "nl":
            pattern = "¤\u00a0#,##0.00;¤\u00a0-#,##0.00" if cents else "¤\u00a0#,##0;¤\u00a0-#,##0"
        else:
            pattern = "¤#,##0.00;-¤#,##0.00" if cents else "¤#,##0;-¤#,##0"
        return format_currency(
            amount, self.currency, pattern, locale=self.locale, currency_digits=False
        )

    def short_money(self, amount: Decimal | float) -> str:
        """Format compactly: `€ 8,4 mln.`, `€8.4M`; exact where it is short already."""
        if abs(Decimal(amount)) < 1_000_000:
            return self.money(amount)
        return format_compact_currency(
            amount, self.currency, locale=self.locale, fraction_digits=1
        ).replace("mln.", "mln")

    def percent(self, share: float, digits: int = 1) -> str:
        """Format a share: .118 is `11,8 %` in Dutch, `11.8%` in English."""
        pattern = "#,##0." + "0" * digits if digits else "#,##0"
        number = format_decimal(share * 100, pattern, locale=self.locale)
        if self.locale == "nl":
            return f"{number}\u00a0%"
        return f"{number}%"

    def signed_percent(self, share: float) -> str:
        """Format a change with its sign: `+14 %`."""
        text = self.percent(abs(share), 0)
        return ("+" if share >= 0 else "\u2212") + text

    def number(self, value: float | Decimal, digits: int = 0) -> str:
        """Format a number with grouping and a fixed count of decimals."""
        pattern = "#,##0." + "0" * digits if digits else "#,##0"
        return format_decimal(value, pattern, locale=self.locale)

    def date(self, day: dt.date) -> str:
        """Format a day: `31 okt 2026`."""
        return format_date(day, "d MMM y", locale=self.locale).replace(".", "")

    def month(self, day: dt.date) -> str:
        """Format the month of a day: `okt 2026`."""
        return format_date(day, "MMM y", locale=self.locale).replace(".", "")

    def moment(self, when: dt.datetime, time_zone: str = "Europe/Amsterdam") -> str:
        """Format a UTC moment in a time zone: `24 nov 2026 09:30`."""
        return format_datetime(when, "d MMM y HH:mm", tzinfo=zone(time_zone), locale=self.locale)

    def join(self, words: list[str]) -> str:
        """Join words as a list: `a, b en c`."""
        if len(words) < 2:
            return "".join(words)
        return self("{list} and {last}", list=", ".join(words[:-1]), last=words[-1])


def zone(name: str) -> dt.tzinfo:
    """The time zone of that name; UTC where there is none."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return dt.UTC
