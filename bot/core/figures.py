"""How the asker may see figures: exact, in bands, or not at all."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Literal

from analytics.snapshot import to_decimal
from bot.i18n import Localizer

Detail = Literal["exact", "bands", "none"]
HIDDEN = "–"


def band(amount: Decimal) -> tuple[Decimal, Decimal]:
    """The 1-2-5 band an amount lies in: 655,000 lies in [500,000, 1,000,000).

    Negative amounts mirror; below 1,000 all is one band.
    """
    size = abs(amount)
    if size < 1_000:
        low, high = Decimal(0), Decimal(1_000)
    else:
        base = Decimal(10) ** math.floor(math.log10(size) + 1e-12)
        low = max(base * step for step in (1, 2, 5) if base * step <= size)
        high = min(base * step for step in (2, 5, 10) if base * step > size)
    return (low, high) if amount >= 0 else (-high, -low)


class Figures:
    """Formats and passes on money and shares as far as the asker may see them."""

    def __init__(self, localizer: Localizer, detail: Detail = "exact") -> None:
        self.localizer = localizer
        self.detail = detail

    @property
    def exact(self) -> bool:
        """Whether amounts are shown as they are."""
        return self.detail == "exact"

    def money(self, amount: int, *, cents: bool = False) -> str:
        """An amount (1/10,000 units) for a text."""
        return self._text(amount, lambda value: self.localizer.money(value, cents=cents))

    def short(self, amount: int) -> str:
        """An amount, compact."""
        return self._text(amount, self.localizer.short_money)

    def _text(self, amount: int, formatted: object) -> str:
        value = to_decimal(amount)
        if self.detail == "exact":
            return str(formatted(value))  # type: ignore[operator]
        if self.detail == "none":
            return HIDDEN
        low, high = band(value)
        return f"{self.localizer.short_money(low)} – {self.localizer.short_money(high)}"

    def value(self, amount: int) -> Decimal | None:
        """An amount for `data`: exact, or null where the asker may not see it."""
        return to_decimal(amount) if self.exact else None

    def share(self, share: float | None) -> str:
        """A share of revenue for a text."""
        if share is None or self.detail == "none":
            return HIDDEN
        return self.localizer.percent(share, 1 if self.exact else 0)

    def share_value(self, share: float | None) -> float | None:
        """A share of revenue for `data`; rounded where only bands may be seen.

        An unrounded share beside one known amount would give every other amount away.
        """
        if share is None or self.detail == "none":
            return None
        return share if self.exact else round(share, 2)

    def drawn(self, share: float | None) -> float:
        """A share of revenue for a chart; 0 where there is none."""
        return self.share_value(share) or 0.0

    def index(self, value: float | None, step: float) -> float | None:
        """A measure made of all shares (HHI, Gini), in whole steps where only bands may be seen.

        Exact before and after the loss of one client it would give that client's share away.
        """
        if value is None or self.detail == "none":
            return None
        return value if self.exact else round(value / step) * step


def channel_name(_: Localizer, channel: str) -> str:
    """A channel's name in a language."""
    names = {
        "network": _("network"),
        "referral": _("referral"),
        "partner": _("partner"),
        "inbound": _("inbound"),
        "outbound": _("outbound"),
        "cold_call": _("cold call"),
        "event": _("trade fair or event"),
        "tender": _("tender"),
        "social": _("social media"),
        "other": _("other"),
        "unknown": _("unknown"),
    }
    return names[channel]
