"""`conditions check | import | show`: one line a fault, exit codes, and a way back and forth."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import app
from analytics.ballotage.reading import defaults

FIRST = defaults().text
FAULTY = (
    FIRST.replace("fit >= 50", "fitt >= 50")
    .replace("weight: 1\n", "weight: heavy\n")
    .replace("when: not price_only", "when: price_only >")
)
FAULTS = [
    "Line 75, not-on-price-alone: in 'price_only >' it stops too early; a fact, a value or a bracket is "
    "missing.",
    "Line 99, fits-the-profile: the fact 'fitt' is not known; did you mean 'fit'?",
    "Line 128, came-in-warm: a weight is a number from 0 to 100, not 'heavy'.",
]


def run(home: Path, *args: str, locale: str = "en") -> Result:
    return CliRunner().invoke(
        app.app, ["conditions", *args, "--home", str(home), "--locale", locale]
    )


def file(tmp_path: Path, data: str | bytes, name: str = "c.yaml") -> str:
    path = tmp_path / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return str(path)


def test_every_fault_is_a_line_with_its_place(tmp_path: Path) -> None:
    """In the order of the file, on stderr; nothing on stdout."""
    result = run(tmp_path / "home", "check", file(tmp_path, FAULTY))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.splitlines() == FAULTS
    assert not (tmp_path / "home").exists()


def test_dutch_is_dutch_to_the_end(tmp_path: Path) -> None:
    """Also the fault inside the fault, and the words for a place."""
    result = run(tmp_path, "check", file(tmp_path, FAULTY), locale="nl")
    assert "het houdt te vroeg op; er ontbreekt een feit" in result.stderr
    result = run(tmp_path, "check", file(tmp_path, "titel: x"), locale="nl")
    assert result.stderr.startswith("Regel 1, het bestand: 'titel' is niet bekend")
    # A word of the file stays as it is, also where it happens to be a word of ours.
    path = file(tmp_path, FIRST.replace("fit >= 50", "fitt >= 50"))
    assert run(tmp_path, "check", path, locale="nl").stderr.endswith("bedoel je 'fit'?\n")


def test_import_refuses_with_the_same_lines_and_keeps_what_was(tmp_path: Path) -> None:
    """All or nothing."""
    stricter = FIRST.replace("fit >= 50", "fit >= 70")
    assert run(tmp_path, "import", file(tmp_path, stricter)).exit_code == 0
    result = run(tmp_path, "import", file(tmp_path, FAULTY))
    assert (result.exit_code, result.stderr.splitlines()) == (2, FAULTS)
    assert run(tmp_path, "show").stdout == stricter


@pytest.mark.parametrize("text", [FIRST, FIRST.replace("fit >= 50", "fit >= 70") + "# tot zo\n\n"])
def test_show_and_import_go_round(tmp_path: Path, text: str) -> None:
    """What is shown is the file to the letter, comments and all."""
    one, other = tmp_path / "one", tmp_path / "other"
    assert run(one, "import", file(tmp_path, text)).exit_code == 0
    shown = run(one, "show").stdout
    assert shown == text
    assert run(other, "check", file(tmp_path, shown)).exit_code == 0
    assert run(other, "import", file(tmp_path, shown)).exit_code == 0
    assert run(other, "show").stdout == text


def test_says_what_was_put_in_force(tmp_path: Path) -> None:
    """And that it was so already."""
    path = file(tmp_path, FIRST.replace("fit >= 50", "fit >= 70"))
    assert "3 musts and 7 shoulds" in run(tmp_path, "check", path).stdout
    first, again = (run(tmp_path, "import", path, "--user", "ann").stdout for _ in "12")
    assert first.startswith("In force: version ")
    assert again.startswith("Already in force: version ")
    journal = (tmp_path / "conditions" / "journal.jsonl").read_text(encoding="utf-8")
    assert [json.loads(line)["by"] for line in journal.splitlines()] == ["ann"]


def test_a_broken_edit_by_hand_is_told_and_kept(tmp_path: Path) -> None:
    """`show` prints what is in force; an import over it keeps the file."""
    file(tmp_path, FAULTY, "conditions.yaml")
    result = run(tmp_path, "show")
    assert (result.exit_code, result.stdout) == (0, FIRST)
    assert result.stderr.splitlines()[1:] == FAULTS
    done = run(tmp_path, "import", file(tmp_path, FIRST))
    kept = next((tmp_path / "conditions").glob("refused-*.yaml"))
    assert str(kept) in done.stderr
    assert kept.read_text(encoding="utf-8") == FAULTY


BOMB = "a: &a [x, x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)}, *{chr(97 + i)}]\n" for i in range(20)
)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (FIRST.encode("utf-16"), "This is no text file in UTF-8"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "This is no text file in UTF-8"),
        ("# één\n".encode("cp1252") + FIRST.encode(), "Line 1: a character is not UTF-8"),
        (b"# x\n" * 1_300_000, "A conditions file has at most 200000 characters."),
        (BOMB.encode(), "Line 2: & and * are not used here"),
        (b"conditions: &c [*c]", "Line 1: & and * are not used here"),
        (b"", "Line 1: there is no list of conditions"),
        (b"\n\n", "Line 1: there is no list of conditions"),
        (b"conditions: [" + b"[" * 20_000, "Line 1: this is not YAML"),
        (b"a: !!python/object/apply:os.system [ls]", "Line 1, the file: 'a' is not known"),
        (b"a: 1\x07", "Line 1: this is not YAML"),
    ],
)
def test_what_is_no_conditions_file_is_said_in_a_line(
    tmp_path: Path, data: bytes, said: str
) -> None:
    """Whatever it is."""
    for command in ("check", "import"):
        result = run(tmp_path / "home", command, file(tmp_path, data))
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.startswith(said), result.stderr
        assert all(len(line) < 300 for line in result.stderr.splitlines())


@pytest.mark.parametrize("name", ["", "missing.yaml", "x" * 5_000])
def test_what_cannot_be_read_is_said_in_a_line(tmp_path: Path, name: str) -> None:
    """A folder, nothing there, no name at all."""
    result = run(tmp_path, "check", str(tmp_path / name))
    assert (result.exit_code, result.stdout) == (2, "")
    assert len(result.stderr.splitlines()) == 1
    assert "is a folder" in result.stderr if not name else "cannot be read" in result.stderr


def test_windows_files_are_read(tmp_path: Path) -> None:
    """A mark in front and line ends of two characters; what is in force has neither."""
    data = ("\ufeff" + FIRST.replace("fit >= 50", "fit >= 70").replace("\n", "\r\n")).encode()
    assert run(tmp_path, "import", file(tmp_path, data)).exit_code == 0
    assert run(tmp_path, "show").stdout == FIRST.replace("fit >= 50", "fit >= 70")


def test_takes_columns_of_the_loaded_data(tmp_path: Path) -> None:
    """Those of this home, each as what it holds: numbers, days, texts, yes or no."""
    customers = file(
        tmp_path,
        "customer_id;name;machines;since_when;brand;erp\na;A BV;3;2020-01-31;Fendt;ja\n"
        "b;B BV;5;2021-03-01;Claas;nee\n",
        "customers.csv",
    )
    home = tmp_path / "home"
    loaded = CliRunner().invoke(app.app, ["load", f"customers={customers}", "--home", str(home)])
    assert loaded.exit_code == 0, loaded.stderr

    def check(expression: str) -> str:
        return run(
            home, "check", file(tmp_path, FIRST.replace("fit >= 50", expression))
        ).stderr.strip()

    assert check('machines >= 3 and since_when < 2022-01-01 and brand = "fendt" and erp') == ""
    assert check("machine >= 3").endswith("did you mean 'machines'?")
    assert check('machines = "x"').endswith("machines is of type number, and is compared as text.")
    assert check("brand").endswith("brand is of type text, and is compared as yes_no.")
    assert check('erp = "ja"').endswith("erp is of type yes_no, and is compared as text.")


def test_erasing_a_person_reaches_the_history(tmp_path: Path) -> None:
    """And export hands it over before."""
    path = file(tmp_path, FIRST.replace("fit >= 50", "fit >= 70"))
    run(tmp_path, "import", path, "--user", "ann@x.nl")

    def ask(*args: str) -> str:
        return CliRunner().invoke(app.app, [*args, "--home", str(tmp_path)]).stdout

    assert (
        json.loads(ask("export", "--user", "ann@x.nl"))["conditions_changed"][0]["how"] == "import"
    )
    assert "conditions_changed: 1" in ask("erase", "--user", "ann@x.nl")
    assert json.loads(ask("export", "--user", "ann@x.nl"))["conditions_changed"] == []
