"""What kind of company a seed makes, and the story that can be found in its data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

import numpy as np

from analytics.demo.names import FAMILIES, TRADES, pick, slug

KNOWN_CHANNELS = (
    "network", "referral", "partner", "inbound", "outbound", "cold_call", "event", "tender",
    "social",
)  # fmt: skip
RAW_SOURCES: dict[str, tuple[tuple[str, ...], ...]] = {
    "network": (("Netwerk directie", "Eigen netwerk"), ("Netwerk",), ("Netwerk directie",)),
    "referral": (("Introductie",), ("Aanbeveling", "Introductie"), ("Introductie", "Via klant")),
    "partner": (("Partner",), ("Strategische partner",), ("Distributeur", "Partner")),
    "inbound": (("Website",), ("Website", "Google Ads"), ("Website", "Nieuwsbrief")),
    "outbound": (("Mailing",), ("Campagne",), ("Outbound",)),
    "cold_call": (("Koude acquisitie",), ("Belactie", "Koude acquisitie"), ("Telemarketing",)),
    "event": (
        ("Beurs Utrecht", "Beurs Den Bosch"),
        ("Vakbeurs Gorinchem",),
        ("Vakbeurs Hardenberg", "Beurs Rotterdam"),
    ),
    "tender": (("Aanbesteding",), ("Offerteaanvraag",)),
    "social": (("LinkedIn",),),
    "unknown": (("", "Onbekend"), ("",)),
}
"""Channel to the ways in which a company may write it; one way is drawn for each company."""


@dataclass(frozen=True, slots=True)
class Sector:
    """What the demo company itself does: the word in its name, what it sells, and to whom."""

    word: str
    products: tuple[str, ...]
    segments: tuple[str, ...]


SECTORS = (
    Sector(
        "Technische Groothandel",
        (
            "Leidingwerk",
            "Pompen",
            "Kleppen en appendages",
            "Bevestiging",
            "Regeltechniek",
            "Service",
        ),
        ("Installatie", "Machinebouw", "Bouw"),
    ),
    Sector(
        "Verpakkingen",
        ("Vouwdozen", "Folie", "Pallets", "Etiketten", "Verpakkingsmachine", "Onderhoudscontract"),
        ("Voeding", "Logistiek", "Groothandel"),
    ),
    Sector(
        "Automatisering",
        ("Besturingskast", "Software", "Inbedrijfstelling", "Sensoren", "Engineering", "Support"),
        ("Machinebouw", "Voeding", "Agrarisch"),
    ),
    Sector(
        "Bedrijfskleding",
        ("Werkkleding", "Veiligheidsschoenen", "Valbeveiliging", "Bedrukken", "Wasservice"),
        ("Bouw", "Metaal", "Zorg"),
    ),
    Sector(
        "Intern Transport",
        ("Heftruck", "Stellingen", "Onderhoud", "Huur", "Accu en lader", "Keuring"),
        ("Logistiek", "Groothandel", "Metaal"),
    ),
)


class Shape(Enum):
    """How revenue is spread over clients."""

    HEALTHY = "healthy"  # a handful brings most, none of them too much
    DEPENDENT = "dependent"  # one giant
    FLAT = "flat"  # no concentration


@dataclass(frozen=True, slots=True)
class Plan:
    """The parameters drawn from a seed; shares are 0 to 1, money is euros a year, time is days."""

    name: str
    domain: str
    sector: Sector
    shape: Shape
    customers: int
    revenue: float
    growth: float
    top_share: float
    largest_share: float
    aligned: bool
    top_mix: Mapping[str, float]
    hunting_mix: Mapping[str, float]
    sources: Mapping[str, tuple[str, ...]]
    quiet_rank: int | None
    quiet_rhythm: int
    quiet_days: int
    unknown_share: float
    unattributed_share: float
    deals: int
    open_deals: int
    reps: int
    age: int


@dataclass(frozen=True, slots=True)
class Client:
    """A customer of the demo company, by id and name."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Story:
    """What is true of the written data.

    Shares are 0 to 1, money is euros a year, ranks start at 1. `top_channels` and
    `hunting_channels` are the three most important, largest first. `quiet` is None in a company
    where no big client went quiet; one that did was invoiced each `quiet_rhythm` days and then not
    for `quiet_days`. `newcomer` and `leaver` entered and left the top clients in the last twelve
    months. `introducer` brought in more customers than any other. `prospect` is a company with an
    open deal that is no customer.
    """

    sector: str
    shape: Shape
    aligned: bool
    growth: float
    yearly_revenue: float
    top_share: float
    largest_share: float
    unknown_share: float
    top_channels: tuple[str, ...]
    hunting_channels: tuple[str, ...]
    largest: Client
    quiet: Client | None
    quiet_rank: int | None
    quiet_rhythm: int
    quiet_days: int
    newcomer: Client
    leaver: Client
    introducer: Client
    prospect: str


_TOP_MIXES = (
    {"network": 0.46, "referral": 0.32, "partner": 0.14, "inbound": 0.08},
    {"referral": 0.44, "network": 0.30, "partner": 0.18, "inbound": 0.08},
    {"partner": 0.38, "network": 0.34, "referral": 0.22, "tender": 0.06},
)
_HUNTING_MIXES = (
    {"event": 46, "cold_call": 22, "outbound": 16, "inbound": 6, "network": 5, "referral": 5},
    {"outbound": 44, "social": 20, "cold_call": 18, "inbound": 9, "referral": 5, "network": 4},
    {"tender": 46, "event": 20, "outbound": 16, "network": 8, "inbound": 6, "referral": 4},
    {"cold_call": 46, "outbound": 24, "event": 12, "inbound": 10, "network": 4, "referral": 4},
)
"""In percent."""


def draw(rng: np.random.Generator) -> Plan:
    """Draw a company; every seed goes through these same draws."""
    sector = pick(rng, SECTORS)
    name = f"{pick(rng, FAMILIES)} {sector.word}"
    shape = pick(rng, (Shape.HEALTHY, Shape.HEALTHY, Shape.DEPENDENT, Shape.FLAT))
    if shape is Shape.HEALTHY:
        top_share, largest = rng.uniform(0.09, 0.20), rng.uniform(0.075, 0.125)
    elif shape is Shape.DEPENDENT:
        top_share, largest = rng.uniform(0.06, 0.14), rng.uniform(0.23, 0.36)
    else:
        top_share, largest = rng.uniform(0.53, 0.62), rng.uniform(0.018, 0.03)
    top_mix = pick(rng, _TOP_MIXES)
    hunting_mix = {channel: share / 100 for channel, share in pick(rng, _HUNTING_MIXES).items()}
    aligned = bool(rng.random() < 0.3)
    if aligned:
        hunting_mix = blend(top_mix, hunting_mix, 0.8)
    rhythm = int(rng.integers(17, 22))
    customers = int(rng.triangular(90, 150, 221))
    return Plan(
        name=name,
        domain=f"{slug(name)}.example",
        sector=sector,
        shape=shape,
        customers=customers,
        revenue=float(np.exp(rng.normal(np.log(8.2e6), 0.4))),
        growth=float(rng.uniform(-0.08, 0.12)),
        top_share=float(top_share),
        largest_share=float(largest),
        aligned=aligned,
        top_mix=top_mix,
        hunting_mix=hunting_mix,
        sources={channel: pick(rng, ways) for channel, ways in RAW_SOURCES.items()},
        quiet_rank=int(rng.integers(2, 5)) if rng.random() < 0.75 else None,
        quiet_rhythm=rhythm,
        # Past three times its rhythm a client counts as quiet; some more, to be plain.
        quiet_days=round(3.3 * rhythm) + int(rng.integers(0, 4)),
        unknown_share=float(rng.beta(1.2, 9.0)),
        unattributed_share=float(rng.uniform(0.004, 0.03)),
        deals=int(np.clip(3.2 * customers + rng.integers(-30, 31), 400, 600)),
        open_deals=int(rng.integers(60, 81)),
        reps=int(rng.integers(4, 7)),
        age=int(rng.integers(12, 21)) * 365,
    )


def blend(
    first: Mapping[str, float], second: Mapping[str, float], share: float
) -> dict[str, float]:
    """The mix of channels in which `share` goes as in first and the rest as in second."""
    return {
        channel: share * first.get(channel, 0.0) + (1 - share) * second.get(channel, 0.0)
        for channel in KNOWN_CHANNELS
    }


def segments_of(sector: Sector, share: float) -> dict[str, float]:
    """Segment to its chance, where `share` goes to the sector's natural segments."""
    rest = [segment for segment in TRADES if segment not in sector.segments]
    natural = dict.fromkeys(sector.segments, share / len(sector.segments))
    return natural | dict.fromkeys(rest, (1 - share) / len(rest))
