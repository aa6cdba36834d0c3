"""What is measured, each in a process of its own: `python -m tests.benchmarks.child WHAT HOME`.

Prints one JSON object. Seconds leave out the start of Python and the imports, which are a matter
of the cold start; memory is the peak of the process, imports included.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from analytics.warehouse import Warehouse

PLAIN_SQL = """
SELECT customer_id, date,
       CAST(sum(amount) * 10000 AS BIGINT) AS net,
       CAST(coalesce(sum(amount) FILTER (WHERE amount > 0), 0) * 10000 AS BIGINT) AS gross,
       count(*) AS lines
FROM invoices
GROUP BY customer_id, date
"""


def peak_rss() -> int:
    """The largest resident memory of this process so far, in bytes."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return int(peak if sys.platform == "darwin" else peak * 1024)
    # Unlike getrusage, this does not remember the process that started this one.
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def generate(home: Path, lines: int) -> dict[str, Any]:
    """Make the data."""
    from tests.benchmarks import data

    start = time.perf_counter()
    data.generate(home, lines)
    return {"seconds": time.perf_counter() - start}


def expression(home: Path) -> dict[str, Any]:
    """Aggregate with the product's Ibis expression."""
    from analytics.aggregate import customer_days

    return _aggregate(
        home, lambda warehouse: customer_days(warehouse.backend().table("invoices")).to_pyarrow()
    )


def plain_sql(home: Path) -> dict[str, Any]:
    """Aggregate with SQL as one would write it by hand."""
    return _aggregate(
        home, lambda warehouse: warehouse.connection.execute(PLAIN_SQL).to_arrow_table()
    )


def refresh(home: Path) -> dict[str, Any]:
    """The whole refresh: aggregate, prove every analysis, write and publish the snapshot."""
    import ibis  # noqa: F401
    import pandas  # noqa: F401

    from analytics import refresh as module

    start = time.perf_counter()
    version = module.refresh(home)
    return {"seconds": time.perf_counter() - start, "version": version}


def _aggregate(home: Path, work: Callable[[Warehouse], Any]) -> dict[str, Any]:
    from analytics.warehouse import Warehouse

    with tempfile.TemporaryDirectory() as empty, Warehouse.open(Path(empty)) as warehouse:
        work(warehouse).to_pandas()  # on no lines: loads every module that the work needs
    with Warehouse.open(home, read_only=True) as warehouse:
        start, busy = time.perf_counter(), time.process_time()
        # Both come to pandas by way of Arrow, as in the refresh, so that only the query differs.
        days: pd.DataFrame = work(warehouse).to_pandas(date_as_object=False)
        seconds, cpu = time.perf_counter() - start, time.process_time() - busy
    peak = peak_rss()
    sums = {column: int(days[column].sum()) for column in ("net", "gross", "lines")}
    return {"seconds": seconds, "cpu": cpu, "rss": peak, "rows": len(days), **sums}


def generate_pipeline(home: Path, customers: int, deals: int) -> dict[str, Any]:
    """Make a company with many deals."""
    from tests.benchmarks import pipeline

    start = time.perf_counter()
    pipeline.generate(home, customers, deals)
    return {"seconds": time.perf_counter() - start}


def learn(home: Path) -> dict[str, Any]:
    """Learn what wins."""
    from tests.benchmarks import qualify

    return qualify.learn(home)


def qualify(home: Path) -> dict[str, Any]:
    """Answer `/qualify`."""
    from tests.benchmarks import qualify as module

    return module.answer(home)


MEASURES: dict[str, Callable[..., dict[str, Any]]] = {
    "generate": generate,
    "expression": expression,
    "plain_sql": plain_sql,
    "refresh": refresh,
    "generate_pipeline": generate_pipeline,
    "learn": learn,
    "qualify": qualify,
}


def main(what: str, home: str, *numbers: str) -> None:
    """Measure one thing and print it."""
    result = MEASURES[what](Path(home), *(int(number) for number in numbers))
    print(json.dumps({"rss": peak_rss()} | result))


if __name__ == "__main__":
    main(*sys.argv[1:])
