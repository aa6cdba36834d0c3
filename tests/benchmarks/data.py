"""Generated invoice lines: deterministic, skewed over customers, made inside DuckDB."""

from __future__ import annotations

from pathlib import Path

from analytics.warehouse import Warehouse

LINES_PER_INVOICE = 5
LINES_PER_CUSTOMER = 1000
DAYS = 1096

# hash() of DuckDB is the same on every machine; an invoice's customer and day hang on its number.
# The cube of an even draw gives the skew: the first eighth of the customers gets half of the lines.
_LINES = """
INSERT INTO invoices (customer_id, date, amount, invoice_id, currency, product, load_id, line_no)
SELECT
    CASE WHEN hash(invoice, 3) % 100 < 2 THEN NULL
         ELSE 'K' || CAST(floor(power(hash(invoice, 1) % 1000003 / 1000003.0, 3) * $customers) AS BIGINT)
    END,
    DATE '2023-11-01' + CAST(hash(invoice, 2) % $days AS INTEGER),
    CAST((CASE WHEN hash(line, 4) % 40 = 0 THEN -1 ELSE 1 END)
         * (100 + hash(line, 5) % 250000) / 100.0 AS DECIMAL(18, 4)),
    'F' || invoice,
    'EUR',
    'P' || (hash(line, 6) % 500),
    1,
    line
FROM (SELECT range AS line, range // $per_invoice AS invoice FROM range($first, $last))
"""
_CUSTOMERS = """
INSERT INTO customers (customer_id, name, source, load_id, line_no)
SELECT 'K' || range, 'Klant ' || range,
       ['Netwerk', 'Introductie', 'Website', 'Beurs', 'Belactie'][1 + (hash(range) % 5)::INTEGER],
       1, range
FROM range($customers)
"""
_BATCH = 10_000_000


def generate(home: Path, lines: int) -> None:
    """Make a warehouse in `home` with that many invoice lines and a customer per thousand."""
    customers = max(lines // LINES_PER_CUSTOMER, 10)
    with Warehouse.open(home) as warehouse:
        connection = warehouse.connection
        connection.execute(_CUSTOMERS, {"customers": customers})
        for first in range(0, lines, _BATCH):
            bounds = {"first": first, "last": min(first + _BATCH, lines)}
            constants = {"customers": customers, "days": DAYS, "per_invoice": LINES_PER_INVOICE}
            connection.execute(_LINES, bounds | constants)
        with warehouse.transaction():
            warehouse.next_version()
        connection.execute("CHECKPOINT")
