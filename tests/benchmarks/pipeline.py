"""A generated company with many deals: 30 facts known before closing, some of which matter."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analytics.warehouse import Warehouse

DAYS = 1460
END = np.datetime64("2026-10-31")
SEGMENTS = ("Bouw", "Zorg", "Techniek", "Retail", "Overheid", "Horeca", "Agrarisch", "Logistiek")
REGIONS = ("Utrecht", "Gelderland", "Brabant", "Limburg", "Zeeland", "Friesland", "Drenthe")
SOURCES = ("Netwerk", "Introductie", "Partner", "Website", "Beurs", "Belactie", "Aanbesteding")
EFFECTS = (0.8, 0.9, 0.4, 0.0, -0.5, -0.9, -0.6)
SURNAMES = (
    "Jansen", "De Vries", "Van Dijk", "Bakker", "Visser", "Smit", "Meijer", "De Boer", "Mulder",
    "De Groot", "Bos", "Vos", "Peters", "Hendriks", "Dekker", "Brouwer", "Kuipers", "Postma",
)  # fmt: skip
TRADES = (
    "Installaties", "Techniek", "Bouw", "Zaden", "Transport", "Machines", "Kozijnen", "Beheer",
    "Elektro", "Staalbouw", "Verpakkingen", "Zorg", "Groothandel", "Interieur", "Advies",
)  # fmt: skip
PLACES = ("Almelo", "Breda", "Ede", "Gouda", "Hoorn", "Meppel", "Sneek", "Tiel", "Venlo", "Zeist")
YES_NO, NUMBERS, CHOICES = 9, 6, 5


def names(count: int, rng: np.random.Generator) -> list[str]:
    """Company names, most of them once."""
    parts = [rng.choice(words, count) for words in (SURNAMES, TRADES, PLACES)]
    return [
        f"{who} {what} {where} {number} BV"
        for number, (who, what, where) in enumerate(zip(*parts, strict=True))
    ]


def generate(home: Path, customers: int, deals: int) -> None:
    """Make a warehouse with that many customers and deals, and twenty invoice lines a customer."""
    rng = np.random.default_rng(4)
    people = _customers(customers, rng)
    with Warehouse.open(home) as warehouse:
        for table, frame in (
            ("customers", people),
            ("invoices", _invoices(people, rng)),
            ("deals", _deals(deals, people, rng)),
        ):
            frame["load_id"], frame["line_no"] = 1, np.arange(1, len(frame) + 1)
            warehouse.connection.register("made", frame)
            warehouse.connection.execute(f"INSERT INTO {table} BY NAME SELECT * FROM made")
            warehouse.connection.unregister("made")
        with warehouse.transaction():
            warehouse.next_version()


def _customers(count: int, rng: np.random.Generator) -> pd.DataFrame:
    ids = [f"K{i:05}" for i in range(count)]
    return pd.DataFrame(
        {
            "customer_id": ids,
            "name": names(count, rng),
            "source": rng.choice(SOURCES, count),
            "referred_by": np.where(rng.random(count) < 0.1, rng.choice(ids, count), None),
            "segment": rng.choice(SEGMENTS, count),
            "country": "NL",
            "region": rng.choice(REGIONS, count),
            "employees": np.round(rng.lognormal(3.6, 1.0, count)).astype(int) + 1,
        }
    )


def _invoices(people: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    weight = rng.pareto(1.2, len(people)) * np.where(people["segment"] == "Techniek", 2.0, 1.0)
    who = np.repeat(np.arange(len(people)), 20)
    return pd.DataFrame(
        {
            "customer_id": people["customer_id"].to_numpy()[who],
            "date": END - rng.integers(0, DAYS, len(who)).astype("timedelta64[D]"),
            "amount": np.round(10 + 1000 * weight[who] * rng.random(len(who)), 2),
            "invoice_id": [f"F{i}" for i in range(len(who))],
        }
    )


def _deals(count: int, people: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    created = np.sort(rng.integers(0, DAYS, count))
    source = rng.integers(0, len(SOURCES), count)
    employees = np.round(rng.lognormal(3.6, 1.0, count)).astype(int) + 1
    facts, score = _facts(count, rng)
    score += np.array(EFFECTS)[source] + 0.3 * (np.log(employees) - 3.6) - 0.4
    won = rng.random(count) < 1 / (1 + np.exp(-score))
    took = np.maximum(3, rng.lognormal(np.log(np.where(won, 40, 65)), 0.5, count)).astype(int)
    done = created + took <= DAYS
    start = END - np.timedelta64(DAYS, "D")
    code = rng.integers(0, len(people), count)
    return pd.DataFrame(
        {
            "deal_id": [f"D{i:06}" for i in range(count)],
            "status": np.where(done, np.where(won, "won", "lost"), "open"),
            "created": start + created.astype("timedelta64[D]"),
            "closed": np.where(
                done, start + (created + took).astype("timedelta64[D]"), np.datetime64("NaT")
            ),
            # Won by whom became a client; of the lost ones nobody is in the customers file.
            "customer_id": np.where(done & won, people["customer_id"].to_numpy()[code], None),
            "prospect": np.where(
                done & won, people["name"].to_numpy()[code], np.array(names(count, rng))
            ),
            "amount": np.round(rng.lognormal(9, 1, count), 2),
            "source": np.array(SOURCES)[source],
            "owner": rng.choice([f"rep{i}" for i in range(25)], count),
            "segment": rng.choice(SEGMENTS, count),
            "country": rng.choice(["NL", "BE", "DE"], count, p=[0.8, 0.15, 0.05]),
            "region": rng.choice(REGIONS, count),
            "employees": employees,
            "facts": facts,
        }
    )


def _facts(count: int, rng: np.random.Generator) -> tuple[list[str], np.ndarray[Any, Any]]:
    """Free facts of every deal as JSON, and what they do to its chance (log-odds)."""
    columns: dict[str, np.ndarray[Any, Any]] = {}
    score = np.zeros(count)
    for i in range(YES_NO):
        value = rng.random(count) < 0.5
        columns[f"Vraag {i}"] = np.where(value, "ja", "nee")
        score += (0.35 if i < 3 else 0.0) * np.where(value, 1, -1)
    for i in range(NUMBERS):
        number = rng.normal(50, 15, count)
        columns[f"Maat {i}"] = np.round(number, 1).astype(str)
        score += (0.02 if i < 2 else 0.0) * (number - 50)
    for i in range(CHOICES):
        columns[f"Keuze {i}"] = rng.choice([f"soort {n}" for n in range(4 + 6 * i)], count)
    words = rng.choice(["snel", "groot", "nieuw", "vast", "krap", "later"], (count, 3))
    columns["Opmerking"] = np.array([f"{' '.join(w)} {i}" for i, w in enumerate(words)])
    year, month = rng.integers(1960, 2020, count), rng.integers(1, 13, count)
    columns["Opgericht"] = np.array([f"{y}-{m:02}-01" for y, m in zip(year, month, strict=True)])
    heads = list(columns)
    rows = zip(*(columns[h].tolist() for h in heads), strict=True)
    return [json.dumps(dict(zip(heads, row, strict=True))) for row in rows], score
