"""`evaluate qualify` as DESIGN promises it: a CSV of raw probabilities, and one line on a mistake."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import app
from bot.loading import load_files
from tests.unit.analytics.winmodel.planted import END, planted

TODAY = dt.date(2026, 11, 24)


def run(*args: str) -> Result:
    return CliRunner().invoke(app.app, ["evaluate", "qualify", "--locale", "en", *args])


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(text.splitlines()))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("evaluate")
    deals = planted(11, 2_500)[0].deals
    columns = ["deal_id", "status", "created", "closed", "prospect", "source", "segment", "region"]
    deals[[*columns, "employees"]].to_csv(folder / "deals.csv", index=False, date_format="%Y-%m-%d")
    load_files(folder / "home", [("deals", folder / "deals.csv")], mapping=None, today=TODAY)
    return folder / "home"


SPLIT = (END - dt.timedelta(days=250)).isoformat()


def test_it_predicts_every_closed_deal_created_from_the_day_on(home: Path) -> None:
    result = run("--split-at", SPLIT, "--home", str(home))
    assert result.exit_code == 0, result.stderr
    found = rows(result.stdout)
    assert list(found[0]) == ["deal_id", "probability", "won"]
    deals = planted(11, 2_500)[0].deals
    expected = deals[(deals["created"] >= SPLIT) & (deals["status"] != "open")]
    won = dict(zip(expected["deal_id"], expected["status"] == "won", strict=True))
    assert {r["deal_id"]: r["won"] == "1" for r in found} == won
    assert all(0.0 < float(r["probability"]) < 1.0 for r in found)
    sure = [r for r in found if float(r["probability"]) > 0.65]
    unsure = [r for r in found if float(r["probability"]) < 0.25]
    assert sum(r["won"] == "1" for r in sure) / len(sure) > 0.5
    assert sum(r["won"] == "1" for r in unsure) / len(unsure) < 0.35


def test_as_of_learns_from_what_was_known_only(home: Path, tmp_path: Path) -> None:
    final, asof = (
        rows(run("--split-at", SPLIT, "--labels", labels, "--home", str(home)).stdout)
        for labels in ("final", "asof")
    )
    assert [r["deal_id"] for r in final] == [r["deal_id"] for r in asof]
    assert [r["won"] for r in final] == [r["won"] for r in asof]
    assert [r["probability"] for r in final] != [r["probability"] for r in asof]


def test_out_takes_the_csv_and_says_how_good_it_is(home: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    result = run("--split-at", SPLIT, "--home", str(home), "--out", str(out))
    assert result.exit_code == 0
    assert "AUC 0." in result.stdout
    assert "95 %" in result.stdout
    assert out.read_text(encoding="utf-8") == run("--split-at", SPLIT, "--home", str(home)).stdout


def test_it_is_raw_where_the_model_is_not_trusted(tmp_path: Path) -> None:
    deals = planted(12, 700, signal=False)[0].deals
    deals[["deal_id", "status", "created", "closed", "source"]].to_csv(
        tmp_path / "deals.csv", index=False, date_format="%Y-%m-%d"
    )
    home = tmp_path / "home"
    load_files(home, [("deals", tmp_path / "deals.csv")], mapping=None, today=TODAY)
    out = tmp_path / "out.csv"
    result = run("--split-at", SPLIT, "--home", str(home), "--out", str(out))
    assert "Not trusted" in result.stdout
    assert all(0.0 < float(r["probability"]) < 1.0 for r in rows(out.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("split", "says"),
    [
        ("2020-01-01", "later --split-at"),
        ("2030-01-01", "earlier --split-at"),
        ("soon", "2026-10-31"),
    ],
)
def test_a_day_that_cannot_be_is_one_line(home: Path, split: str, says: str) -> None:
    result = run("--split-at", split, "--home", str(home))
    assert result.exit_code == 2
    assert result.stdout == ""
    assert len(result.stderr.strip().splitlines()) == 1
    assert says in result.stderr


@pytest.mark.parametrize(
    ("status", "says"), [("won", "lost deals are needed"), ("lost", "won deals")]
)
def test_one_outcome_only_is_one_line(tmp_path: Path, status: str, says: str) -> None:
    lines = [f"D{i},{status},2025-{1 + i % 12:02}-01,2025-{1 + i % 12:02}-20" for i in range(60)]
    (tmp_path / "deals.csv").write_text("\n".join(["deal_id,status,created,closed", *lines]))
    load_files(tmp_path / "h", [("deals", tmp_path / "deals.csv")], mapping=None, today=TODAY)
    result = run("--split-at", "2025-07-01", "--home", str(tmp_path / "h"))
    assert result.exit_code == 2
    assert says in result.stderr


def test_no_data_no_deals_and_no_place_to_write(home: Path, tmp_path: Path) -> None:
    assert run("--split-at", SPLIT, "--home", str(tmp_path)).exit_code == 2
    (tmp_path / "i.csv").write_text("date,amount,customer_id\n2026-01-01,10,a\n")
    load_files(tmp_path / "h", [("invoices", tmp_path / "i.csv")], mapping=None, today=TODAY)
    assert "no deals yet" in run("--split-at", SPLIT, "--home", str(tmp_path / "h")).stderr
    nowhere = str(tmp_path / "missing" / "out.csv")
    result = run("--split-at", SPLIT, "--home", str(home), "--out", nowhere)
    assert result.exit_code == 2
    assert "--out" in result.stderr
