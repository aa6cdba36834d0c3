"""The data contract: which tables, which columns, what they mean, and their usual names.

Amounts are net of VAT, credit notes negative, in the home currency once loaded. Dates are days.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

AMOUNT_SCALE = 10_000
"""Amounts are kept as integers of 1/10,000 of the currency unit, so that sums are exact."""

MAX_AMOUNT = 100_000_000_000
"""Largest absolute amount of one line; up to here float parsing at AMOUNT_SCALE is exact."""


class Kind(Enum):
    """The type of a column's values."""

    ID = "id"
    TEXT = "text"
    DATE = "date"
    MONEY = "money"
    NUMBER = "number"
    INTEGER = "integer"
    STATUS = "status"
    ROLE = "role"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table; `synonyms` are compared after lower-casing and dropping separators."""

    name: str
    kind: Kind
    required: bool = False
    synonyms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its columns, the key that identifies a row (None: rows have no identity)."""

    name: str
    columns: tuple[Column, ...]
    key: str | None
    keeps_facts: bool = False
    """Other columns are kept as facts (a JSON object of strings and numbers)."""

    def column(self, name: str) -> Column:
        """Return the column of that name; KeyError if the contract has none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    @property
    def required(self) -> tuple[str, ...]:
        """Names of the columns without which a file cannot be loaded."""
        return tuple(c.name for c in self.columns if c.required)


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(","))


CUSTOMER_ID_WORDS = _words(
    "customer id,customer_id,customerid,customer no,customer number,client id,account id,debtor,"
    "debtor number,debtor code,klant id,klantid,klantnr,klantnummer,klantcode,debiteur,"
    "debiteurnr,debiteurnummer,debiteurcode,relatienr,relatienummer,relatiecode,relatie id"
)
CUSTOMER_NAME_WORDS = _words(
    "customer,customer name,client,client name,account,account name,company,company name,klant,"
    "klantnaam,debiteurnaam,naam debiteur,relatie,relatienaam,bedrijf,bedrijfsnaam,organisatie,"
    "naam klant"
)
SOURCE_WORDS = _words(
    "source,lead source,origin,channel,acquisition channel,how found,bron,herkomst,leadbron,"
    "lead bron,kanaal,via,binnengekomen via"
)
OWNER_WORDS = _words(
    "owner,sales rep,rep,sales agent,salesperson,account manager,accountmanager,eigenaar,"
    "verkoper,relatiebeheerder,verantwoordelijke,vertegenwoordiger"
)
SEGMENT_WORDS = _words("segment,sector,industry,branch,branche,sbi,bedrijfstak")
COUNTRY_WORDS = _words("country,country code,land,landcode,office location")
REGION_WORDS = _words("region,province,state,regio,provincie,gebied,rayon")
EMPLOYEES_WORDS = _words(
    "employees,employee count,fte,headcount,staff,medewerkers,aantal medewerkers,werknemers,"
    "aantal werknemers,personeel"
)

CUSTOMERS = Table(
    "customers",
    (
        Column("customer_id", Kind.ID, True, (*CUSTOMER_ID_WORDS, "id", "code", "nummer", "nr")),
        Column("name", Kind.TEXT, False, (*CUSTOMER_NAME_WORDS, "name", "naam")),
        Column("source", Kind.TEXT, False, SOURCE_WORDS),
        Column(
            "referred_by",
            Kind.ID,
            False,
            _words(
                "referred by,referrer,introduced by,referral from,aangebracht door,"
                "aanbevolen door,geintroduceerd door,geïntroduceerd door,introductie door,verwezen door"
            ),
        ),
        Column(
            "since",
            Kind.DATE,
            False,
            _words(
                "since,customer since,client since,start date,created,created at,klant sinds,"
                "sinds,startdatum,aanmaakdatum,begindatum"
            ),
        ),
        Column("segment", Kind.TEXT, False, SEGMENT_WORDS),
        Column("country", Kind.TEXT, False, COUNTRY_WORDS),
        Column("region", Kind.TEXT, False, REGION_WORDS),
        Column("employees", Kind.INTEGER, False, EMPLOYEES_WORDS),
        Column(
            "parent_id",
            Kind.ID,
            False,
            _words(
                "parent,parent id,parent account,group,holding,subsidiary of,moeder,"
                "moederbedrijf,moedermaatschappij,concern,groep"
            ),
        ),
        Column(
            "kvk", Kind.ID, False, _words("kvk,kvk nummer,kvknr,kvk nr,chamber of commerce,coc")
        ),
        Column(
            "vat_id", Kind.ID, False, _words("vat,vat id,vat number,btw nummer,btwnr,btw id,btw nr")
        ),
        Column("domain", Kind.TEXT, False, _words("domain,website,url,domein,webadres,site")),
        Column("owner", Kind.TEXT, False, OWNER_WORDS),
    ),
    key="customer_id",
    keeps_facts=True,
)

INVOICES = Table(
    "invoices",
    (
        Column(
            "date",
            Kind.DATE,
            True,
            _words(
                "date,invoice date,invoicedate,posting date,booking date,document date,datum,"
                "factuurdatum,boekdatum,boekingsdatum"
            ),
        ),
        Column(
            "amount",
            Kind.MONEY,
            True,
            _words(
                "amount,net amount,net,amount excl vat,amount ex vat,amount excluding vat,total,"
                "line total,revenue,sales,value,bedrag,netto,netto bedrag,nettobedrag,bedrag excl btw,"
                "bedrag ex btw,bedrag exclusief btw,omzet,netto omzet,totaal,totaal excl btw,"
                "totaal ex btw,regelbedrag,factuurbedrag excl btw,factuurbedrag,subtotaal,subtotal"
            ),
        ),
        Column("customer_id", Kind.ID, False, CUSTOMER_ID_WORDS),
        Column("customer_name", Kind.TEXT, False, (*CUSTOMER_NAME_WORDS, "name", "naam")),
        Column(
            "invoice_id",
            Kind.ID,
            False,
            _words(
                "invoice id,invoice,invoice no,invoice number,invoiceno,document number,factuur,"
                "factuurnr,factuurnummer,factuur id,documentnummer,boekstuk,boekstuknummer"
            ),
        ),
        Column("currency", Kind.TEXT, False, _words("currency,currency code,valuta,munt,muntcode")),
        Column("margin", Kind.MONEY, False, _words("margin,gross margin,profit,marge,brutomarge")),
        Column(
            "product",
            Kind.TEXT,
            False,
            _words(
                "product,item,article,stock code,stockcode,sku,description,artikel,artikelcode,"
                "artikelnummer,omschrijving,dienst"
            ),
        ),
    ),
    key=None,
)

DEALS = Table(
    "deals",
    (
        Column(
            "deal_id",
            Kind.ID,
            True,
            _words(
                "deal id,deal,opportunity id,opportunity,id,deal number,offerte,offertenummer,"
                "kans id,kans,kansnummer,dealnummer"
            ),
        ),
        Column(
            "status",
            Kind.STATUS,
            True,
            _words("status,deal status,deal stage,outcome,state,resultaat,uitkomst,dealstatus"),
        ),
        Column(
            "created",
            Kind.DATE,
            True,
            _words(
                "created,created at,create date,created date,open date,start date,engage date,"
                "aangemaakt,aanmaakdatum,gestart,startdatum,datum aangemaakt,aangemaakt op"
            ),
        ),
        Column(
            "closed",
            Kind.DATE,
            False,
            _words(
                "closed,close date,closed at,closed date,won date,gesloten,sluitdatum,"
                "datum gesloten,gesloten op,afgesloten"
            ),
        ),
        Column("customer_id", Kind.ID, False, CUSTOMER_ID_WORDS),
        Column(
            "prospect",
            Kind.TEXT,
            False,
            (
                *CUSTOMER_NAME_WORDS,
                "prospect",
                "prospect name",
                "prospectnaam",
                "lead",
                "name",
                "naam",
            ),
        ),
        Column(
            "amount",
            Kind.MONEY,
            False,
            _words(
                "amount,value,deal value,close value,deal amount,contract value,bedrag,waarde,"
                "dealwaarde,omzet,offertebedrag,verwachte waarde"
            ),
        ),
        Column("source", Kind.TEXT, False, SOURCE_WORDS),
        Column("owner", Kind.TEXT, False, OWNER_WORDS),
        Column("stage", Kind.TEXT, False, _words("stage,pipeline stage,phase,fase,stadium")),
        Column("segment", Kind.TEXT, False, SEGMENT_WORDS),
        Column("country", Kind.TEXT, False, COUNTRY_WORDS),
        Column("region", Kind.TEXT, False, REGION_WORDS),
        Column("employees", Kind.INTEGER, False, EMPLOYEES_WORDS),
    ),
    key="deal_id",
    keeps_facts=True,
)

PEOPLE = Table(
    "people",
    (
        Column(
            "user",
            Kind.ID,
            True,
            _words(
                "user,user id,email,e mail,mail,chat id,slack id,teams id,gebruiker,mailadres,"
                "emailadres,e mailadres"
            ),
        ),
        Column("role", Kind.ROLE, True, _words("role,rol,functie,function,job")),
        Column("name", Kind.TEXT, False, _words("name,full name,naam,volledige naam,medewerker")),
        Column("locale", Kind.TEXT, False, _words("locale,language,taal")),
        Column("time_zone", Kind.TEXT, False, _words("time zone,timezone,tz,tijdzone")),
    ),
    key="user",
)

ACTIVITIES = Table(
    "activities",
    (
        Column(
            "date",
            Kind.DATE,
            True,
            _words("date,activity date,datum,activiteitdatum,day,dag,activity day"),
        ),
        Column(
            "user",
            Kind.ID,
            True,
            _words("user,user id,email,e mail,gebruiker,verkoper,rep,sales rep,owner,medewerker"),
        ),
        Column(
            "deal_id", Kind.ID, False, _words("deal id,deal,opportunity id,offerte,kans,kans id")
        ),
        Column("customer_id", Kind.ID, False, (*CUSTOMER_ID_WORDS, "customer", "klant")),
        Column(
            "minutes",
            Kind.NUMBER,
            False,
            _words("minutes,duration,duration minutes,minuten,duur,tijd,duur minuten"),
        ),
        Column(
            "kind", Kind.TEXT, False, _words("kind,type,activity,activity type,soort,activiteit")
        ),
    ),
    key=None,
)

TABLES: dict[str, Table] = {t.name: t for t in (CUSTOMERS, INVOICES, DEALS, PEOPLE, ACTIVITIES)}

STATUSES: dict[str, tuple[str, ...]] = {
    "won": _words(
        "won,closed won,gewonnen,win,akkoord,geaccepteerd,accepted,order,binnen,getekend"
    ),
    "lost": _words(
        "lost,closed lost,verloren,loss,afgewezen,rejected,verlopen,geannuleerd,cancelled,canceled,"
        "vervallen,afgevallen"
    ),
    "open": _words(
        "open,new,nieuw,lopend,pending,in progress,in behandeling,offerte,proposal,negotiation,"
        "onderhandeling,qualified,prospecting,engaging,lead,verstuurd,sent"
    ),
}
"""Usual words for the state of a deal, by the canonical word."""

ROLES: dict[str, tuple[str, ...]] = {
    "sales": _words(
        "sales,rep,sales rep,salesperson,account manager,accountmanager,verkoop,verkoper,"
        "business development,vertegenwoordiger"
    ),
    "mt": _words(
        "mt,management,management team,managementteam,director,directie,directeur,ceo,cfo,coo"
    ),
    "admin": _words(
        "admin,administrator,beheer,beheerder,sales manager,salesmanager,verkoopleider"
    ),
}
"""Usual words for a person's role, by the canonical word."""
