"""`knowledge add`, `list`, `remove` as a person types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import app
from tests.unit.knowledge import files


def run(home: Path, *args: str) -> Result:
    return CliRunner().invoke(app.app, ["knowledge", *args, "--home", str(home)])


def listed(home: Path) -> list[dict[str, object]]:
    documents: list[dict[str, object]] = json.loads(run(home, "list", "--format", "json").stdout)[
        "documents"
    ]
    return documents


def test_a_document_is_added_listed_and_removed(tmp_path: Path) -> None:
    path = tmp_path / "draaiboek.md"
    path.write_text("# Draaiboek\n\n## Korting\n\nNooit zomaar.", encoding="utf-8")
    added = run(tmp_path / "home", "add", str(path))
    assert (added.exit_code, added.stderr) == (0, "")
    assert added.stdout.startswith("Toegevoegd: draaiboek.md (1 deel, voor iedereen), id ")
    (entry,) = listed(tmp_path / "home")
    assert (entry["title"], entry["access"], entry["parts"]) == ("Draaiboek", "all", 1)
    assert (
        "draaiboek.md · Draaiboek · 1 part"
        in run(tmp_path / "home", "list", "--locale", "en").stdout
    )
    again = run(tmp_path / "home", "add", str(path), "--access", "mt", "--locale", "en")
    assert again.stdout.startswith("Now for the MT alone: draaiboek.md")
    removed = run(tmp_path / "home", "remove", str(entry["id"]))
    assert removed.stdout == f"Verwijderd: draaiboek.md, id {entry['id']}\n"
    assert listed(tmp_path / "home") == []
    assert "Nog geen documenten" in run(tmp_path / "home", "list").stdout


def test_what_is_refused_is_one_line_that_says_how_to_mend_it(tmp_path: Path) -> None:
    path = tmp_path / "geheim.pdf"
    path.write_bytes(files.pdf([["Hallo"]], password="geheim"))
    refused = run(tmp_path / "home", "add", str(path))
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert refused.stderr == (
        "geheim.pdf zit op slot met een wachtwoord. Bewaar het zonder en voeg het opnieuw toe.\n"
    )


def test_one_bad_file_does_not_keep_out_the_good_ones(tmp_path: Path) -> None:
    good, bad = tmp_path / "goed.txt", tmp_path / "slecht.txt"
    good.write_text("Geef nooit korting.", encoding="utf-8")
    bad.write_bytes(b"\0\1\2")
    both = run(tmp_path / "home", "add", str(good), str(bad))
    assert both.exit_code == 2
    assert "goed.txt" in both.stdout
    assert both.stderr.count("\n") == 1
    folder = run(tmp_path / "elders", "add", str(tmp_path))
    assert folder.exit_code == 0
    assert "slecht.txt" in folder.stderr


@pytest.mark.parametrize("locale", ["nl", "en"])
def test_a_folder_full_of_other_files_names_twenty_and_counts_the_rest(
    tmp_path: Path, locale: str
) -> None:
    folder = tmp_path / "map"
    folder.mkdir()
    (folder / "a.txt").write_text("Geef nooit korting.", encoding="utf-8")
    for number in range(30):
        (folder / f"{number}.png").write_bytes(b"\x89PNG\0")
    result = run(tmp_path / "home", "add", str(folder), "--locale", locale)
    assert result.exit_code == 0
    assert result.stderr.count("\n") == 21
    assert "10" in result.stderr.splitlines()[-1]


def test_an_unknown_id_says_where_to_look(tmp_path: Path) -> None:
    result = run(tmp_path / "home", "remove", "weg")
    assert result.exit_code == 2
    assert "knowledge list" in result.stderr
