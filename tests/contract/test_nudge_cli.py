"""`python app.py nudge`: who would get what and why, as text, JSON, page and picture."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

ROOT = Path(__file__).parents[2]


def nudge(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    own = {k: v for k, v in os.environ.items()
           if not k.upper().startswith(("BALLOTAGE_", "SLACK_", "MICROSOFT"))}  # fmt: skip
    command = [sys.executable, "app.py", "nudge", "--home", str(home), *arguments]
    return subprocess.run(command, cwd=ROOT, env=own, capture_output=True, text=True, check=False)


@pytest.fixture
def home(demo_home: Path, tmp_path: Path) -> Path:
    """The demo company, without its simulated past."""
    where = tmp_path / "home"
    where.mkdir()
    for name in ("snapshots", "data", "demo.json"):
        (where / name).symlink_to(demo_home / name)
    return where


def test_a_dry_run_tells_who_gets_what_and_why_and_writes_nothing(home: Path) -> None:
    found = nudge(home, "--dry-run", "--at", "2026-11-16T09:00", "--format", "json")
    assert found.returncode == 0, found.stderr
    told = json.loads(found.stdout)
    assert told["at"] == "2026-11-16T08:00:00+00:00"
    assert len(told["nudges"]) >= 2
    schema = json.loads((ROOT / "docs/schemas/nudges.json").read_text(encoding="utf-8"))
    shape = schema["properties"]["nudges"]["items"]
    for each in told["nudges"]:
        assert each["iso_week"] == "2026-W47"
        assert each["due_at"] == "2026-11-16T07:30:00+00:00"
        assert each["state"] == "due"
        assert each["why"]
        nudge_ = each["nudge"] | {"id": 1, "state": "sent", "response": None, "shared": False,
                                  "followed": False}  # fmt: skip
        jsonschema.Draft202012Validator(shape).validate(nudge_)
        assert nudge_["action"]
        assert nudge_["as_of"] <= "2026-11-16"
        assert all(p["why"] for p in each["passed_over"])
    assert not (home / "state.db").exists()
    again = nudge(home, "--dry-run", "--at", "2026-11-16T09:00", "--format", "json")
    assert again.stdout == found.stdout
    words = nudge(home, "--dry-run", "--at", "2026-11-16T09:00").stdout
    assert "2026-W47" in words
    assert "Niet gekozen" in words


def test_a_digest_is_a_page_and_a_picture_each(home: Path, tmp_path: Path) -> None:
    found = nudge(home, "--at", "2026-11-23T09:00", "--digest", str(tmp_path / "digest"))
    assert found.returncode == 0, found.stderr
    pages, pictures = (sorted((tmp_path / "digest").glob(f"*.{kind}")) for kind in ("html", "png"))
    assert len(pages) == len(pictures) >= 2
    assert pictures[0].read_bytes().startswith(b"\x89PNG")
    assert "<svg" in pages[0].read_text(encoding="utf-8") or "geen factuur" in pages[0].read_text()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--dry-run", "--at", "gisteren"], "2026-11-23T08:30"),
        ([], "--dry-run"),
    ],
)
def test_what_cannot_be_done_is_one_line(home: Path, arguments: list[str], says: str) -> None:
    found = nudge(home, *arguments)
    assert found.returncode == 2
    assert found.stderr.count("\n") == 1
    assert says in found.stderr


def test_without_data_it_says_so(tmp_path: Path) -> None:
    found = nudge(tmp_path / "empty", "--dry-run")
    assert found.returncode == 2
    assert "app.py load" in found.stderr
