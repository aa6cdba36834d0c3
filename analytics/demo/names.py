"""Believable, invented names: companies of a sector and a place, and people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np

T = TypeVar("T")

FAMILIES = (
    "Van Dijk", "De Boer", "Hoekstra", "Terpstra", "Van den Berg", "Smeets", "Kuiper", "Wiersma",
    "Van Loon", "Verhagen", "De Groot", "Brouwer", "Schouten", "Van Beek", "Jonkers", "Maas",
    "Hermans", "Peeters", "Dekker", "Van der Meer", "Bosman", "Willems", "Kramer", "Veenstra",
    "Ter Horst", "Oosterhuis", "Van Vliet", "Scholten", "Hendriks", "Prins", "Blom", "Huisman",
    "Kok", "Van der Wal", "Vermeulen", "Timmermans", "De Weerd", "Molenaar", "Bakhuis", "Driessen",
    "Van Rijn", "Evers", "Zijlstra", "Nijland", "Te Velde", "Gerritsen", "Koster", "Van Hout",
    "Lammers", "Rademaker", "Steenhuis", "Van Es", "Boersma", "Claessens", "Duijn", "Elzinga",
    "Frijters", "Goossens", "Haverkamp", "IJpma", "Jaspers", "Kamphuis", "Lubbers", "Meeuwissen",
    "Noordhoek", "Olthof", "Pelgrim", "Rozeboom", "Sijbesma", "Tuinstra", "Uitslag", "Van Wijk",
    "Wessels", "Zandstra", "Akkermans", "Bruggink", "Cornelissen", "Dijkgraaf", "Engelen",
    "Franken", "Groenewold", "Holtrop", "Van Ierland", "Kerkhof", "Leenders", "Michielsen", "Nieboer", "Ooms",
    "Poelman", "Raaijmakers", "Swinkels", "Tielemans", "Verschuren", "Wouters", "Zwiers", "Aalbers",
)  # fmt: skip
FIRST_NAMES = (
    "Anouk", "Bram", "Carlijn", "Daan", "Esther", "Femke", "Gijs", "Hanneke", "Ilse", "Jeroen",
    "Karin", "Lars", "Marloes", "Niels", "Olga", "Pieter", "Roos", "Sander", "Tess", "Wouter",
    "Yasmin", "Youssef", "Emma", "Fatima", "Joost", "Kees", "Liesbeth", "Milan",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Trade:
    """How companies of one segment call themselves: words after and before the family name."""

    after: tuple[str, ...]
    before: tuple[str, ...]


TRADES: dict[str, Trade] = {
    "Installatie": Trade(
        ("Installaties", "Installatietechniek", "Klimaattechniek", "Elektrotechniek", "Sanitair"),
        ("Installatiebedrijf", "Technisch Bureau", "Loodgietersbedrijf"),
    ),
    "Bouw": Trade(
        ("Bouw", "Bouw en Onderhoud", "Dakwerken", "Betonbouw", "Interieurbouw", "Afbouw"),
        ("Bouwbedrijf", "Aannemersbedrijf", "Timmerfabriek", "Schildersbedrijf"),
    ),
    "Machinebouw": Trade(
        ("Machinebouw", "Techniek", "Aandrijftechniek", "Besturingstechniek", "Engineering"),
        ("Machinefabriek", "Constructiebureau"),
    ),
    "Metaal": Trade(
        ("Staalbouw", "Metaalbewerking", "Plaatwerk", "Lastechniek", "Verspaning"),
        ("Constructiebedrijf", "Smederij", "Metaalwarenfabriek"),
    ),
    "Logistiek": Trade(
        ("Transport", "Logistiek", "Expeditie", "Koeltransport", "Opslag en Distributie"),
        ("Transportbedrijf", "Koeriersdienst"),
    ),
    "Voeding": Trade(
        ("Vleeswaren", "Zuivel", "Versproducten", "Groenten en Fruit", "Banket"),
        ("Bakkerij", "Kaasmakerij", "Slagerij", "Conservenfabriek", "Brouwerij"),
    ),
    "Agrarisch": Trade(
        ("Tuinbouw", "Kassenbouw", "Landbouwmechanisatie", "Zaden", "Plantenkwekerij"),
        ("Loonbedrijf", "Kwekerij", "Mechanisatiebedrijf"),
    ),
    "Groothandel": Trade(
        ("Groothandel", "Handelsonderneming", "Import", "Bouwmaterialen", "Verpakkingen"),
        ("Technische Handel", "Handelshuis", "Houthandel"),
    ),
    "Zorg": Trade(
        ("Zorggroep", "Thuiszorg", "Revalidatie", "Tandtechniek"),
        ("Zorgcentrum", "Apotheek", "Woonzorghuis"),
    ),
    "Zakelijke diensten": Trade(
        ("Adviseurs", "Accountants", "Facilitair", "Beveiliging", "Drukwerk"),
        ("Ingenieursbureau", "Administratiekantoor", "Drukkerij", "Schoonmaakbedrijf"),
    ),
}
"""Segment to its trades."""

PLACES: dict[str, tuple[str, ...]] = {
    "Noord-Brabant": ("Breda", "Tilburg", "Helmond", "Oss", "Waalwijk"),
    "Gelderland": ("Apeldoorn", "Ede", "Doetinchem", "Tiel", "Barneveld"),
    "Overijssel": ("Zwolle", "Deventer", "Almelo", "Hengelo", "Hardenberg"),
    "Zuid-Holland": ("Dordrecht", "Gouda", "Leiden", "Naaldwijk", "Alphen"),
    "Noord-Holland": ("Alkmaar", "Hoorn", "Haarlem", "Zaandam", "Purmerend"),
    "Utrecht": ("Amersfoort", "Veenendaal", "Woerden", "Nieuwegein", "Houten"),
    "Limburg": ("Venlo", "Weert", "Roermond", "Sittard", "Horst"),
    "Friesland": ("Drachten", "Sneek", "Heerenveen", "Franeker", "Joure"),
    "Groningen": ("Veendam", "Delfzijl", "Hoogezand", "Leek", "Winsum"),
    "Drenthe": ("Assen", "Emmen", "Meppel", "Hoogeveen", "Coevorden"),
    "Flevoland": ("Almere", "Lelystad", "Dronten", "Emmeloord", "Zeewolde"),
    "Zeeland": ("Goes", "Middelburg", "Terneuzen", "Zierikzee", "Tholen"),
}
"""Dutch province to some of its towns."""

BELGIUM = ("Antwerpen", "Limburg (BE)", "Oost-Vlaanderen", "Vlaams-Brabant")
"""Belgian provinces where Dutch is spoken, near the border."""

_LEGAL = ("BV", "BV", "BV", "")
_LEGAL_SMALL = ("BV", "BV", "", "VOF")
_LEGAL_BELGIAN = ("NV", "BV")
_SMALL = 25


@dataclass(frozen=True, slots=True)
class Person:
    """A first name and a family name."""

    first: str
    family: str

    @property
    def name(self) -> str:
        """As one writes it: `Jeroen van Dijk`, the prefix in lower case."""
        *prefix, last = self.family.split(" ")
        return " ".join([self.first, *(word.lower() for word in prefix), last])

    def address(self, domain: str) -> str:
        """E-mail address at that domain."""
        return f"{slug(self.first)}.{slug(self.family)}@{domain}"


def slug(text: str) -> str:
    """Letters and digits only, lower case."""
    return "".join(letter for letter in text.lower() if letter.isascii() and letter.isalnum())


def pick(rng: np.random.Generator, options: tuple[T, ...]) -> T:
    """One of the options, each as likely."""
    return options[int(rng.integers(len(options)))]


class Register:
    """Gives out company names, each once."""

    def __init__(self, rng: np.random.Generator, taken: str) -> None:
        self._rng = rng
        self._stems = {slug(taken)}

    def name(self, segment: str, region: str, employees: int) -> str:
        """A new company name that fits the segment, the place and the size."""
        while True:
            stem = self._stem(segment, region)
            if slug(stem) not in self._stems:
                break
        self._stems.add(slug(stem))
        dutch = _LEGAL_SMALL if employees < _SMALL else _LEGAL
        legal = pick(self._rng, _LEGAL_BELGIAN if region in BELGIUM else dutch)
        return f"{stem} {legal}".strip()

    def _stem(self, segment: str, region: str) -> str:
        trade, family = TRADES[segment], pick(self._rng, FAMILIES)
        form = self._rng.random()
        if form < 0.52:
            return f"{family} {pick(self._rng, trade.after)}"
        if form < 0.78:
            return f"{pick(self._rng, trade.before)} {family}"
        if form < 0.88:
            return f"{family} & Zn. {pick(self._rng, trade.after)}"
        if form < 0.94:
            partner = pick(self._rng, FAMILIES)
            return f"{family} & {partner} {pick(self._rng, trade.after)}"
        if region in PLACES:
            return f"{pick(self._rng, trade.before)} {pick(self._rng, PLACES[region])}"
        return f"Gebroeders {family} {pick(self._rng, trade.after)}"
