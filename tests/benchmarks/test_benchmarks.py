from __future__ import annotations

import json
from pathlib import Path

import pytest

from analytics.snapshot import SnapshotStore
from analytics.warehouse import Warehouse
from tests.benchmarks import child, data, pipeline, qualify, slack
from tests.benchmarks.result import Result, as_json, from_json, markdown, merged

LINES = 20_000


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bench")
    data.generate(folder, LINES)
    return folder


def test_the_expression_and_plain_sql_give_the_same(home: Path) -> None:
    ours, plain = child.expression(home), child.plain_sql(home)
    same = ("rows", "net", "gross", "lines")
    assert [ours[key] for key in same] == [plain[key] for key in same]
    assert ours["lines"] == LINES
    assert 0 < ours["net"] < ours["gross"]
    assert ours["rss"] > 10_000_000


def test_generated_lines_are_skewed_and_the_same_each_time(home: Path, tmp_path: Path) -> None:
    data.generate(tmp_path, LINES)
    sql = "SELECT customer_id, count(*) AS n, sum(amount) FROM invoices GROUP BY 1 ORDER BY n DESC"
    with Warehouse.open(home, read_only=True) as first, Warehouse.open(tmp_path) as second:
        rows = first.connection.execute(sql).fetchall()
        assert sorted(rows, key=str) == sorted(second.connection.execute(sql).fetchall(), key=str)
        customers = LINES // data.LINES_PER_CUSTOMER
    known = [count for customer, count, _ in rows if customer is not None]
    assert len(known) <= customers
    assert known[0] > 4 * sum(known) / customers
    assert sum(known) < LINES


def test_a_generated_warehouse_can_be_refreshed(home: Path) -> None:
    assert child.refresh(home)["version"] == 1
    assert int(SnapshotStore(home).load().day_lines.sum()) == LINES


def test_a_goal_is_about_the_ratio_where_there_is_a_reference() -> None:
    assert Result("a", 1.4, "s", "b", 1.0, 1.5).met is True
    assert Result("a", 1.6, "s", "b", 1.0, 1.5).met is False
    assert Result("a", 299.0, "MB", limit=300).met is True
    assert Result("a", 301.0, "MB", limit=300).met is False
    assert Result("a", 301.0, "MB").met is None


def test_results_survive_the_file_and_become_markdown() -> None:
    results = [
        Result("Aggregation", 1.4, "s", "plain SQL", 1.0, 1.5, "5 customer-days"),
        Result("Memory", 310.0, "MB", limit=300),
    ]
    content = json.loads(json.dumps(as_json(results)))
    assert from_json(content) == results
    page = markdown(results, {"cores": 2, "system": "Linux", "processor": "x", "python": "3.11"})
    assert "| Aggregation | 1.40 s | 1.00 s (plain SQL) | 1.40 x | at most 1.50 x | yes |" in page
    assert "| Memory | 310 MB |  |  | at most 300 MB | NO |" in page
    assert "- Aggregation: 5 customer-days" in page


def test_new_results_take_the_place_of_their_namesakes() -> None:
    a, b = Result("a", 1.0, "s"), Result("b", 2.0, "ms")
    new, more = Result("a", 3.0, "s"), Result("c", 4.0, "MB")
    assert merged([a, b], [more, new]) == [new, b, more]


def test_what_wins_is_learned_and_prospects_are_judged(tmp_path: Path) -> None:
    pipeline.generate(tmp_path, customers=150, deals=2_500)
    child.refresh(tmp_path)
    learned = qualify.learn(tmp_path)
    assert learned["deals"] == 2_500
    assert learned["facts"] >= 30
    assert learned["auc"] > 0.65
    assert learned["fits"] > 10
    asked = qualify.answer(tmp_path, questions=20)
    assert all(value > 0 for value in asked.values())
    assert asked["p50"] <= asked["p99"]


def test_prospects_are_half_known_and_half_new() -> None:
    names = [f"Bakker {i} BV" for i in range(50)]
    typed = [name for name, _ in qualify.prospects(names, 40)]
    assert sum(f"{name} BV" in names for name in typed) == 20
    assert len(set(typed)) > 30


def test_a_wrong_answer_stops_the_measurement() -> None:
    table = {"type": "table", "rows": [["head"], ["1"], ["2"], ["3"]]}
    answer = {"response_type": "ephemeral", "text": "so much", "blocks": [table]}
    slack.check_answer(3, json.dumps(answer).encode())
    slack.check_echo(3, b'{"text": "echo 3 2025"}')
    for wrong in (answer | {"response_type": "in_channel"}, answer | {"text": ""}):
        with pytest.raises(RuntimeError):
            slack.check_answer(3, json.dumps(wrong).encode())
    with pytest.raises(RuntimeError):
        slack.check_answer(5, json.dumps(answer).encode())
    with pytest.raises(RuntimeError):
        slack.check_echo(5, b'{"text": "echo 3 2025"}')


def test_every_signed_request_is_another_one() -> None:
    asked = [slack.question(80, 0, number)[0] for number in range(400)]
    heads, bodies = zip(*(one.split(b"\r\n\r\n") for one in asked), strict=True)
    assert len(set(bodies)) == len(asked)
    signatures = {head.rpartition(b"v0=")[2] for head in heads}
    assert len(signatures) == len(asked)
    users = {part for body in bodies for part in body.split(b"&") if part.startswith(b"user_id=")}
    assert len(users) == 200
