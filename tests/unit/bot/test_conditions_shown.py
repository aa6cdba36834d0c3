"""Where a conditions file that cannot be used is told: the status and the doctor."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from analytics.ballotage.reading import defaults
from bot import doctor
from bot.core.reply import plain_text
from bot.settings import Settings
from tests.conftest import NOW, Ask, data

BROKEN = defaults().text.replace("fit >= 50", "fitt >= 50").replace("weight: 1\n", "weight: x\n")


def conditions_check(home: Path) -> doctor.Check:
    checks = doctor.run(home, Settings(home=home), locale="nl", environ={}, now=NOW)
    return next(check for check in checks if check.name == "Conditions")


@pytest.mark.parametrize("locale", ["nl", "en"])
async def test_the_status_names_the_fault(
    company: Callable[..., Ask], tmp_path: Path, locale: str
) -> None:
    ask = company(invoices="customer_id;date;amount\na;2026-10-01;100\n")
    before = await ask("/ballotage status", locale=locale)
    assert data(before)["conditions"] == {"version": defaults().version, "problem": None}
    (tmp_path / "home0" / "conditions.yaml").write_text(BROKEN, encoding="utf-8")
    after = await ask("/ballotage status", locale=locale)
    assert data(after)["conditions"]["version"] == defaults().version
    problem = {"nl": "bedoel je 'fit'?", "en": "did you mean 'fit'?"}[locale]
    assert problem in data(after)["conditions"]["problem"]
    assert problem in plain_text(after)
    assert {"nl": "En nog 1 fout.", "en": "And 1 more fault."}[locale] in plain_text(after)


def test_the_doctor_names_the_fault(tmp_path: Path) -> None:
    assert conditions_check(tmp_path).status == "ok"
    path = tmp_path / "conditions.yaml"
    path.write_text(BROKEN, encoding="utf-8")
    check = conditions_check(tmp_path)
    assert (check.status, check.fix) == ("warn", f"python app.py conditions check {path}")
    assert "bedoel je 'fit'? (+1)" in check.detail
    assert [p.name for p in tmp_path.iterdir()] == ["conditions.yaml"]
