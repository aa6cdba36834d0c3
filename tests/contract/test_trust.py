"""A signal planted in a file of deals is found and said to be; without it nothing is claimed."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

import app
from tests.unit.analytics.winmodel.planted import planted

COLUMNS = ["deal_id", "status", "created", "closed", "prospect", "source", "segment", "employees"]


def run(*args: str) -> str:
    result = CliRunner().invoke(app.app, list(args))
    assert result.exit_code == 0, result.stderr
    return result.stdout


@pytest.mark.parametrize(
    ("signal", "says", "silent"),
    [
        (True, "Win model: trusted, with an AUC of 0.", "not trusted"),
        (
            False,
            "Win model: not trusted, since your data does not predict who wins: AUC 0.",
            "nothing",
        ),
    ],
)
def test_refresh_and_status_say_whether_winning_can_be_predicted(
    tmp_path: Path, signal: bool, says: str, silent: str
) -> None:
    deals = planted(21, 2_500, signal=signal)[0].deals
    deals[COLUMNS].to_csv(tmp_path / "deals.csv", index=False, date_format="%Y-%m-%d")
    home = ["--home", str(tmp_path / "home"), "--locale", "en"]
    run("load", f"deals={tmp_path / 'deals.csv'}", *home)
    for shown in (run("refresh", *home), run("ask", "/ballotage status", "--as", "mt", *home)):
        line = " ".join(shown.split())
        assert says in line
        assert silent not in line
