"""Every command line and every claim of figures in the README is run."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

import app

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks() -> list[list[str]]:
    return [b.strip().splitlines() for b in re.findall(r"```\n(.*?)```", README, re.S)]


def command_lines() -> list[str]:
    return [
        line for block in blocks() for line in block if line.startswith(".venv/bin/python app.py")
    ]


def test_the_readme_has_command_lines_to_run() -> None:
    assert len(command_lines()) >= 8


def test_the_data_walk_runs_line_by_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("BALLOTAGE_HOME", str(tmp_path))
    walk = next(b for b in blocks() if "load invoices" in b[0])
    for line in walk:
        result = CliRunner().invoke(app.app, shlex.split(line)[2:])
        assert result.exit_code == 0, (line, result.output)


@pytest.mark.parametrize("line", [line for line in command_lines() if len(shlex.split(line)) == 3])
def test_every_surface_command_exists(line: str) -> None:
    result = CliRunner().invoke(app.app, [shlex.split(line)[2], "--help"])
    assert result.exit_code == 0


def test_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"make ([a-z]+)[`\n ]", README):
        assert re.search(rf"^{target}:", makefile, re.M), target


def test_every_link_leads_somewhere() -> None:
    for page in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")):
        text = page.read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#]+)\)", text):
            if not target.startswith(("http:", "https:")):
                assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_command_of_the_table_is_a_command() -> None:
    from bot.core.command import discover

    registry = discover()
    rows = [line for line in README.splitlines() if line.startswith("| `/")]
    assert len(rows) >= 7
    for name in re.findall(r"`/(?:ballotage )?([a-z]+)", "".join(rows)):
        assert registry.find(name), name
