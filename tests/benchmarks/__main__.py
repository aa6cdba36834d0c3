"""`python -m tests.benchmarks`: measure, print a table, write bench-results.json."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from tests.benchmarks import coach, measure, qualify, result, slack, teams

FILE = measure.ROOT / "bench-results.json"
PARTS = ["aggregation", "ask", "server", "qualify", "coach", "slack", "teams"]


def main() -> int:
    """Run what was asked for; 1 when a goal is not met."""
    arguments = _arguments()
    # In a log the table keeps its lines whole.
    console = Console(width=None if sys.stdout.isatty() else 130)
    if arguments.markdown:
        content = json.loads(FILE.read_text(encoding="utf-8"))
        print(result.markdown(result.from_json(content), content["machine"]), end="")
        return 0
    sizes = [1_000_000, 10_000_000]
    if arguments.by_hand:
        sizes.append(100_000_000)
    if arguments.quick:
        sizes = [100_000, 1_000_000]
    results: list[result.Result] = []
    homeless = {"aggregation", "qualify"}
    with console.status("starting") as status, tempfile.TemporaryDirectory() as folder:
        if "aggregation" in arguments.only:
            results += measure.aggregation(sizes, arguments.runs, status.update)
        if set(arguments.only) - homeless:
            home = measure.demo_home(Path(folder), status.update)
        if "ask" in arguments.only:
            results.append(measure.cold_ask(home, max(arguments.runs, 7), status.update))
        if "server" in arguments.only:
            results.append(measure.idle_server(home, status.update))
        if "qualify" in arguments.only:
            results += qualify.qualify(arguments.runs, status.update)
        if "coach" in arguments.only:
            results += coach.coach(home, arguments.runs, status.update)
        if "slack" in arguments.only:
            results += slack.slack(home, status.update)
        if "teams" in arguments.only:
            results += teams.teams(home, status.update)
    result.show(results, console)
    if arguments.only != PARTS and FILE.exists():
        earlier = result.from_json(json.loads(FILE.read_text(encoding="utf-8")))
        results = result.merged(earlier, results)
    FILE.write_text(json.dumps(result.as_json(results), indent=2) + "\n", encoding="utf-8")
    console.print(f"Written to {FILE.name}")
    return 1 if any(row.met is False for row in results) else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--by-hand", action="store_true", help="100 million lines too (minutes)")
    parser.add_argument("--quick", action="store_true", help="a tenth of the lines, to try it out")
    parser.add_argument("--runs", type=int, default=5, help="runs of each measurement [5]")
    only = "these only; the other rows of the last results stay"
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help=only)
    parser.add_argument("--markdown", action="store_true", help="print the last results for a page")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
