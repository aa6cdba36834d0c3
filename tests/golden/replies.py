"""The one set of Replies that every renderer is held to by golden files.

`REPLIES` maps a name (fit to be a file name) to a Reply: every element; 0, 1 and 10,000 rows;
hostile texts; texts far above any platform's limit; each kind of chart; forms; citations.
"""

from __future__ import annotations

import datetime as dt

from bot.core.reply import (
    Actions,
    Button,
    Chart,
    Citation,
    Context,
    Element,
    Fields,
    Form,
    Input,
    Outcome,
    Reply,
    Section,
    Series,
    Table,
    TableColumn,
    Tone,
    Visibility,
)

HOSTILE_NAMES = (
    "<!channel> & Zonen <https://evil.example|klik hier>",
    "<@U123> @everyone @here *vet* _schuin_ ~door~ `code` ```blok```",
    "[klik](https://evil.example) ![x](https://evil.example/x.png) # Kop | cel \\ {{x}} ${x}",
    "<at>Iedereen</at> <script>alert(1)</script> \"aanhaling\" 'enkel' &lt; &amp;",
    "\u202eneidnaV\u202c مرحبا שלום",
    "👩‍👩‍👧‍👦 Bakkerij :tada: 🇳🇱 Ça é\u0301 ﷽",
    "-=+@SUM(A1) > citaat\n> nog een\t• punt",
    "",
)
LONG_TEXT = ("Een lange zin over klanten & omzet <zonder einde> met *tekens*. " * 100)[:5000]
LONG_WORD = "x" * 5000

COLUMNS = (
    TableColumn("#", "right"),
    TableColumn("Klant"),
    TableColumn("Omzet", "right"),
    TableColumn("Aandeel", "right"),
    TableColumn("Trend", "right"),
    TableColumn("Kwam binnen via"),
    TableColumn("Sinds", "right"),
)


def rows(count: int) -> tuple[tuple[str, ...], ...]:
    """Rows as `/topclients` gives them."""
    return tuple(
        (
            str(i),
            f"Klant {i} Installaties BV",
            f"€\u00a0{1_000_000 // i:,}".replace(",", "."),
            f"{50 / i:.1f}".replace(".", ",") + "\u00a0%",
            "▲ +14\u00a0%" if i % 2 else "▼ \u22126\u00a0%",
            "netwerk" if i % 3 else "",
            str(2000 + i % 26),
        )
        for i in range(1, count + 1)
    )


def table(count: int, *, given: int | None = None) -> Table:
    """A table of `count` rows, of which the command gave the first `given`."""
    return Table(COLUMNS, rows(count if given is None else given), total_rows=count)


PARETO = Chart(
    "pareto",
    "Omzetcurve",
    "18 van 152 klanten (11,8 %) brengen 80 % van de omzet.",
    "Aandeel van klanten",
    "Aandeel van omzet",
    (Series("Omzet", tuple((i / 152, 1 - (1 - i / 152) ** 6) for i in range(153))),),
    (("80 %", 18 / 152, 0.8),),
)
BARS = Chart(
    "bars",
    "Bronnen",
    "Netwerk brengt 52 % van de topomzet en 21 % van de pijplijn.",
    "Bron",
    "Aandeel",
    (
        Series("Topomzet", (("netwerk", 0.52), ("introductie", 0.27), ("beurs", 0.02))),
        Series("Pijplijn", (("netwerk", 0.21), ("introductie", 0.11), ("beurs", 0.41))),
    ),
)
HISTORY = Chart(
    "history",
    "Omzet per maand",
    "De omzet daalt sinds maart 2026.",
    "Maand",
    "Omzet (EUR)",
    (
        Series(
            "Omzet",
            tuple((f"{2024 + i // 12}-{i % 12 + 1:02d}-01", 10_000.0 - 300 * i) for i in range(34)),
        ),
    ),
    (("stil", "2026-09-01", 400.0),),
)
WEEKS = Chart(
    "weeks",
    "Puls per week",
    "Van week 27 tot week 47 ging het gemiddelde van 3,6 naar 3,1.",
    "Week van",
    "Gemiddelde (1 tot 5)",
    tuple(
        Series(
            name,
            tuple(
                (f"2026-{m:02}-{d:02}", 3.6 - 0.1 * m / 2 + step)
                for m in (7, 8, 9)
                for d in range(1, 28, 7)
            ),
        )
        for name, step in (("Laatste zes vragen", 0.0), ("Vraag van de week", 0.25))
    ),
    span=(1.0, 5.0),
)
RATIOS = Chart(
    "ratios",
    "Hoeveel keer zo vaak",
    "Techniek: 3,7 (1,3 tot 10); beurs: 0,12 (0,01 tot 1,8).",
    "Kenmerk",
    "Keer zo vaak (95%-interval)",
    tuple(
        Series(name, (("Techniek", first), ("Binnen via beurs of event", second), ("Groot", 1.0)))
        for name, first, second in (("Keer", 3.7, 0.12), ("Van", 1.3, 0.008), ("Tot", 10.2, 180.0))
    ),
)
LARGE_CHART = Chart(
    "bars",
    "Een titel die veel langer is dan de vijftig tekens die een platform toelaat, en verder gaat",
    "Veertig bronnen van een reeks of vijftien, te veel voor een plaatje.",
    "Een titel van de as die veel langer is dan de vijftig tekens die mogen",
    "Nog een titel van de as die veel langer is dan de vijftig tekens die mogen",
    tuple(
        Series(
            f"Reeks {s} met een lange naam erbij",
            tuple((f"Bron {i} <!channel> met een lange naam", (s + i) / 60) for i in range(40)),
        )
        for s in range(15)
    ),
)
EMPTY_CHART = Chart("bars", "Bronnen", "Er zijn nog geen bronnen bekend.", "Bron", "Aandeel", ())

BUTTONS = Actions(
    (
        Button("Curve", "/pareto"),
        Button("Bronnen", "/sources", "primary"),
        Button("Vergeten", "/ballotage clear off", "danger"),
        Button("Delen in kanaal", "/topclients", share=True),
    )
)
FORM = Form(
    "/qualify Acme BV",
    "Beoordeel",
    (
        Input("employees", "Medewerkers", "number", value="45", required=True, hint="Ongeveer"),
        Input("source", "Bron", "choice", (("network", "netwerk"), ("event", "beurs"))),
        Input("decider", "Beslisser gesproken?", "toggle", value="yes"),
        Input("note", "Opmerking & <meer>"),
    ),
)
LARGE_FORM = Form(
    "/qualify " + "Een heel lange naam " * 10,
    "Verzend deze buitengewoon lange vragenlijst nu meteen",
    tuple(
        Input(
            f"fact{i}",
            f"Vraag {i} " + "lang " * 60,
            "choice" if i % 2 else "text",
            tuple((f"v{j}", f"Keuze {j} " + "lang " * 30) for j in range(150)) if i % 2 else (),
            hint="Hint " * 60,
        )
        for i in range(130)
    ),
)
CITATIONS = (
    Citation("pareto", "Een handvol brengt 80 %", "Pareto", "top-clients", "Klant is geen koning"),
    Citation("hunt", "Jaag waar <je> & *beste* klanten vandaan komen", "Pareto", "channel-choice"),
)


def _reply(*elements: Element, **fields: object) -> Reply:
    return Reply(elements, locale="nl", **fields)  # type: ignore[arg-type]


def _answer(tables: Table, visibility: Visibility = Visibility.EPHEMERAL) -> Reply:
    return _reply(
        Section("Topklanten · netto omzet, 12 maanden t/m 31 okt 2026", Tone.TITLE),
        Section("18 van 152 klanten (11,8 %) brengen 80 % van € 8,4 mln.", Tone.HEADLINE),
        tables,
        Section("De Boer is stil: al 63 dagen geen factuur.", Tone.WARNING),
        BUTTONS,
        Context("Basis: 152 gefactureerde klanten · data t/m 31 okt 2026 · versie 7"),
        command="topclients",
        visibility=visibility,
        as_of=dt.date(2026, 10, 31),
    )


REPLIES: dict[str, Reply] = {
    "every_element": _reply(
        Section("Topklanten", Tone.TITLE),
        Section("18 van 152 klanten brengen 80 %.", Tone.HEADLINE),
        Section("Gezond: de praktijk ligt tussen 3 en 30 %.\nEen tweede regel."),
        Section("De Boer is stil.", Tone.WARNING),
        Section("Wie beslist hierover, en wanneer zitten we samen?", Tone.QUOTE),
        Fields((("Omzet", "€ 912.000"), ("Klant sinds", "2016"), ("Bron", "netwerk"))),
        table(3),
        PARETO,
        BUTTONS,
        FORM,
        Context("Basis: 152 gefactureerde klanten"),
        command="topclients",
        visibility=Visibility.EPHEMERAL,
        citations=CITATIONS,
        as_of=dt.date(2026, 10, 31),
    ),
    "nothing": _reply(),
    "empty_parts": _reply(
        Section(""),
        Fields(()),
        Table(COLUMNS, ()),
        Table((), ()),
        EMPTY_CHART,
        Actions(()),
        Form("/qualify Acme", "Beoordeel", ()),
        Context(""),
        Section("   \n "),
        Fields((("", ""),)),
        Actions((Button("", ""),)),
    ),
    "rows_0": _answer(table(0)),
    "rows_1": _answer(table(1)),
    "rows_10_of_10000": _answer(table(10_000, given=10)),
    "rows_10000": _answer(table(10_000)),
    "shared_in_channel": _answer(table(10), Visibility.CHANNEL),
    "two_tables": _reply(
        Section("Twee tabellen", Tone.TITLE),
        Table(COLUMNS, rows(5), caption="Erbij gekomen"),
        Table(COLUMNS, rows(150), caption="Weggevallen", total_rows=150),
    ),
    "wide_table": _reply(
        Table(
            tuple(TableColumn(f"Kolom {i}") for i in range(30)),
            tuple(tuple(f"{i}.{j}" for j in range(30)) for i in range(12)),
        )
    ),
    "hostile": _reply(
        *(Section(name, tone) for name, tone in zip(HOSTILE_NAMES, [*Tone, *Tone], strict=False)),
        *(Section(name) for name in HOSTILE_NAMES),
        Fields(tuple((name, name) for name in HOSTILE_NAMES)),
        Table(
            (TableColumn("<!here> & *kop*"), TableColumn("Omzet", "right")),
            tuple((name, "€ 1") for name in HOSTILE_NAMES),
            caption="<!everyone> *caption*",
        ),
        Chart(
            "bars",
            "<!channel> *titel*",
            "Netwerk <!here> brengt *alles*.",
            "<b>Bron</b>",
            "Aandeel & meer",
            (Series("<!channel>", tuple((name, 0.1) for name in HOSTILE_NAMES)),),
        ),
        Actions(tuple(Button(name, f"/client {name}") for name in HOSTILE_NAMES)),
        *(Context(name) for name in HOSTILE_NAMES),
        visibility=Visibility.CHANNEL,
        citations=tuple(Citation(f"c{i}", name) for i, name in enumerate(HOSTILE_NAMES)),
    ),
    "long_texts": _reply(
        Section(LONG_TEXT, Tone.TITLE),
        *(Section(LONG_TEXT, tone) for tone in Tone if tone is not Tone.TITLE),
        Section(LONG_WORD),
        Section("&" * 5000),
        Section("👩‍👩‍👧‍👦" * 1000),
        Fields(((LONG_TEXT, LONG_TEXT), (LONG_WORD, LONG_WORD))),
        Table(
            (TableColumn(LONG_TEXT), TableColumn("Omzet", "right")),
            ((LONG_TEXT, "€ 1"), (LONG_WORD, "€ 2"), ("kort", "€ 3")),
            caption=LONG_TEXT,
        ),
        Actions((Button(LONG_TEXT, "/client " + LONG_TEXT), Button("Kort", "/help"))),
        Context(LONG_TEXT),
        citations=(Citation("x", LONG_TEXT, LONG_TEXT, "top-clients", LONG_TEXT),),
        headline=LONG_TEXT,
    ),
    "many_elements": _reply(
        *(Section(f"Alinea {i}") for i in range(200)),
        *(Actions((Button(f"Knop {i}", f"/client {i}"),)) for i in range(40)),
    ),
    "many_fields_and_buttons": _reply(
        Fields(tuple((f"Veld {i}", f"Waarde {i}") for i in range(45))),
        Actions(tuple(Button(f"Knop {i}", f"/client {i}") for i in range(60))),
        Context("Basis"),
    ),
    "chart_pareto": _reply(PARETO),
    "chart_bars": _reply(BARS),
    "chart_history": _reply(HISTORY),
    "chart_weeks": _reply(WEEKS),
    "chart_ratios": _reply(RATIOS),
    "chart_large": _reply(LARGE_CHART),
    "chart_empty": _reply(EMPTY_CHART),
    "charts_four": _reply(PARETO, BARS, HISTORY, BARS),
    "form": _reply(Section("Acme BV · vul aan", Tone.TITLE), FORM),
    "form_large": _reply(LARGE_FORM),
    "citations": _reply(
        Section("Nee, tenzij je iets terugkrijgt.", Tone.HEADLINE), citations=CITATIONS
    ),
    "english": Reply(
        (
            Section("Top clients", Tone.TITLE),
            Section("18 of 152 clients bring 80%.", Tone.HEADLINE),
            Section("De Boer has gone quiet.", Tone.WARNING),
            Table((TableColumn("Client"),), (("A",), ("B",)), total_rows=12),
        ),
        locale="en",
    ),
    "refused": _reply(
        Section("Ik ken je nog niet. Vraag Rita om een rol.", Tone.WARNING),
        outcome=Outcome.REFUSED,
        visibility=Visibility.EPHEMERAL,
    ),
    "wrong_request": _reply(
        Section("Ik ken /topclient niet. Bedoel je /topclients?", Tone.WARNING),
        Actions((Button("/topklanten", "/topklanten"), Button("Hulp", "/ballotage help"))),
        outcome=Outcome.WRONG_REQUEST,
        visibility=Visibility.EPHEMERAL,
    ),
}
