"""The command line as DESIGN promises it: exit codes, one line on stderr, JSON."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

import app
from bot.loading import load_files

ROOT = Path(__file__).parents[2]


def run(*args: str) -> Result:
    return CliRunner().invoke(app.app, list(args))


def lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]


def test_an_answer_exits_0_and_is_on_stdout(demo_home: Path) -> None:
    result = run("ask", "/topklanten", "--home", str(demo_home))
    assert result.exit_code == 0
    assert "Topklanten" in result.stdout
    assert result.stderr == ""


def test_json_is_one_object_with_the_promised_keys(demo_home: Path) -> None:
    result = run("ask", "/bronnen", "--home", str(demo_home), "--format", "json", "--locale", "en")
    answer = json.loads(result.stdout)
    assert list(answer) == ["command", "locale", "visibility", "text", "data", "citations", "as_of"]
    assert (answer["command"], answer["locale"], answer["visibility"]) == (
        "sources",
        "en",
        "DIRECT",
    )
    assert answer["as_of"].startswith("2026-")


def test_the_defaults_are_mt_nl_dm_text(demo_home: Path) -> None:
    asked = run("ask", "/topclients", "--home", str(demo_home))
    same = run("ask", "/topclients", "--home", str(demo_home), "--as", "mt", "--locale", "nl",
               "--channel", "dm", "--format", "text")  # fmt: skip
    assert asked.stdout == same.stdout


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ("/topklantn", "/topklanten"),
        ("/klant Bestaatniet Zeker Weten", "Bestaatniet"),
        ("/topclients 2025-13", "2025-13"),
        ("/topclients 2025-09..2025-03", "eindigt"),
        ("/topclients 501", "500"),
        ("/whatif", "/watals"),
    ],
)
def test_a_wrong_request_exits_2_with_one_line(demo_home: Path, question: str, says: str) -> None:
    result = run("ask", question, "--home", str(demo_home))
    assert result.exit_code == 2
    assert result.stdout == ""
    assert len(lines(result.stderr)) == 1
    assert says in result.stderr


@pytest.mark.parametrize("where", ["shared"])
@pytest.mark.parametrize("role", ["sales", "mt", "admin"])
def test_a_refusal_exits_3_and_is_json_too(demo_home: Path, role: str, where: str) -> None:
    args = ("ask", "/topclients", "--home", str(demo_home), "--as", role, "--channel", where)
    result = run(*args)
    assert result.exit_code == 3
    assert len(lines(result.stderr)) == 1
    refused = run(*args, "--format", "json")
    assert refused.exit_code == 3
    assert "error" in json.loads(refused.stdout)["data"]


def test_no_data_exits_2_and_says_how_to_start(tmp_path: Path) -> None:
    result = run("ask", "/topclients", "--home", str(tmp_path / "empty"), "--locale", "en")
    assert result.exit_code == 2
    assert "load invoices=" in result.stderr
    assert not (tmp_path / "empty").exists()


@pytest.mark.parametrize("day", ["gisteren", "2026-02-30", "31-10-2026"])
def test_an_as_of_that_is_no_date(demo_home: Path, day: str) -> None:
    result = run("ask", "/topclients", "--home", str(demo_home), "--as-of", day)
    assert result.exit_code == 2
    assert len(lines(result.stderr)) == 1


def test_as_of_answers_as_if_on_that_day(demo_home: Path) -> None:
    result = run(
        "ask", "/topclients", "--home", str(demo_home), "--as-of", "2025-06-30", "--format", "json"
    )
    answer = json.loads(result.stdout)
    assert answer["as_of"] == "2025-06-30"
    assert answer["data"]["period"] == {"start": "2024-07-01", "end": "2025-06-30"}


def test_html_is_a_page_of_its_own_that_asks_nothing_of_the_network(demo_home: Path) -> None:
    result = run("ask", "/pareto", "--home", str(demo_home), "--format", "html")
    assert result.exit_code == 0
    assert "<svg" in result.stdout
    for forbidden in ("<script", 'src="http', 'href="http', "url(http"):
        assert forbidden not in result.stdout


def test_a_wrong_setting_is_one_line(demo_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BALLOTAGE_REP_REVENUE", "sometimes")
    result = run("ask", "/topclients", "--home", str(demo_home))
    assert result.exit_code == 2
    assert "BALLOTAGE_REP_REVENUE" in result.stderr
    assert len(lines(result.stderr)) == 1


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "2101-01-01", "1969-12-31"])
def test_an_as_of_far_away_is_one_line(demo_home: Path, day: str) -> None:
    for text in ("/topclients", "/status", "/client Van Dijk"):
        result = run("ask", text, "--home", str(demo_home), "--as-of", day)
        assert (result.exit_code, result.stdout) == (2, "")
        assert len(lines(result.stderr)) == 1
        assert day in result.stderr


def test_as_of_after_the_data_is_answered(demo_home: Path) -> None:
    for day in ("2026-12-31", "2100-12-31"):
        result = run("ask", "/topclients", "--home", str(demo_home), "--as-of", day,
                     "--format", "json", "--locale", "en")  # fmt: skip
        assert result.exit_code == 0
        answer = json.loads(result.stdout)
        assert answer["as_of"] == day
        assert "2026" in answer["text"].split("data to ")[1][:12]


@pytest.mark.parametrize("text", ["/nonsense", "wie zijn onze klanten", "", "help", "/client"])
@pytest.mark.parametrize("output", ["text", "json"])
def test_anything_where_outsiders_read_along_exits_3(
    demo_home: Path, text: str, output: str
) -> None:
    result = run("ask", text, "--home", str(demo_home), "--channel", "shared", "--format", output)
    assert result.exit_code == 3
    if output == "text":
        assert (result.stdout, len(lines(result.stderr))) == ("", 1)


def broken_home(where: Path) -> Path:
    """A home whose snapshot is damaged in a way that no code foresees."""
    folder = where / "snapshots" / "000001-abc"
    folder.mkdir(parents=True)
    (where / "snapshots" / "CURRENT").write_text(folder.name)
    (folder / "meta.json").write_text('{"created_at": "2026-01-01", "loads": []}')
    return where


@pytest.mark.parametrize("text", ["/topclients", "/status", "help"])
def test_an_internal_error_is_one_line_and_a_traceback_only_when_asked_for(
    tmp_path: Path, text: str
) -> None:
    home = broken_home(tmp_path)
    result = run("ask", text, "--home", str(home), "--locale", "en")
    assert (result.exit_code, result.stdout) == (1, "")
    assert len(lines(result.stderr)) == 1
    assert "Traceback" not in result.stderr
    assert "went wrong" in result.stderr


def program(*args: str) -> subprocess.CompletedProcess[str]:
    """The program as a person starts it: a process of its own."""
    return subprocess.run(
        [sys.executable, str(ROOT / "app.py"), *args],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_process_that_fails_says_so_in_one_line(tmp_path: Path) -> None:
    done = program("ask", "/topclients", "--home", str(broken_home(tmp_path)), "--locale", "en")
    assert (done.returncode, done.stdout) == (1, "")
    assert len(lines(done.stderr)) == 1, done.stderr
    assert "Traceback" not in done.stderr


def test_a_wrong_option_of_the_process_is_one_line() -> None:
    done = program("ask", "/topclients", "--format", "nope")
    assert (done.returncode, done.stdout) == (2, "")
    assert len(lines(done.stderr)) == 1, done.stderr
    assert "nope" in done.stderr
    assert "--help" in done.stderr


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["ask"], "text"),
        (["ask", "/topclients", "--as", "boss"], "boss"),
        (["ask", "/topclients", "--zzz"], "--zzz"),
        (["aks", "/topclients"], "aks"),
        (["load"], "TABLE=FILE"),
        (["serve", "--port", "many"], "--port"),
    ],
)
def test_wrong_usage_is_one_line_with_where_to_look(
    args: list[str],
    says: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from bot.cli.context import run as run_it

    monkeypatch.setattr(sys, "argv", ["app.py", *args])
    with pytest.raises(SystemExit) as stopped:
        run_it(app.app)
    printed = capsys.readouterr()
    assert (stopped.value.code, printed.out) == (2, "")
    assert len(lines(printed.err)) == 1, printed.err
    assert says in printed.err
    assert "--help" in printed.err


def test_a_home_that_cannot_be_written_can_still_be_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load(tmp_path, f"invoices={ROOT}/docs/examples/facturen.csv").exit_code == 0
    opened = os.open

    def read_only(path: Any, flags: int, *args: Any, **named: Any) -> int:
        if str(path).startswith(str(tmp_path)) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return opened(path, flags, *args, **named)

    monkeypatch.setattr("bot.storage.spool.os.open", read_only)
    result = run("ask", "/topclients all", "--home", str(tmp_path), "--format", "json")
    assert (result.exit_code, result.stderr) == (0, "")
    assert json.loads(result.stdout)["data"]["revenue"] == pytest.approx(47141.25)
    assert not (tmp_path / "audit-spool.jsonl").exists()
    monkeypatch.undo()
    run("ask", "/topclients all", "--home", str(tmp_path))
    assert (tmp_path / "audit-spool.jsonl").exists()  # the obstacle above was a real one


def test_a_demo_of_another_seed_leaves_the_first_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from analytics.demo import DEFAULT_SEED
    from bot import demo

    built: list[tuple[str, int]] = []

    def pretend(where: Path, *, seed: int, note: dict[str, object], **_: object) -> None:
        built.append((where.name, seed))
        (where / "snapshots").mkdir(parents=True)
        (where / "snapshots" / "CURRENT").write_text("000001-abc")
        (where / "demo.json").write_text(json.dumps({**note, "company": f"Company {seed}"}))

    monkeypatch.setattr(demo, "build", pretend)

    def build(*args: str) -> str:
        result = run("demo", "--build-only", "--home", str(tmp_path), "--locale", "en", *args)
        assert result.exit_code == 0, result.stderr
        return result.stdout

    assert f"Company {DEFAULT_SEED}" in build()
    first = {p: p.read_bytes() for p in (tmp_path / "demo").rglob("*") if p.is_file()}
    assert "Company 7" in build("--seed", "7")
    assert {p: p.read_bytes() for p in (tmp_path / "demo").rglob("*") if p.is_file()} == first
    assert f"Company {DEFAULT_SEED}" in build()
    assert f"Company {DEFAULT_SEED}" in build("--seed", str(DEFAULT_SEED))
    assert "Company 8" in build("--seed", "8")
    assert [seed for _name, seed in built] == [DEFAULT_SEED, 7, 8]
    assert len({name for name, _seed in built}) == 3


def test_a_chat_sees_what_is_loaded_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bot.adapters import terminal
    from bot.core.request import Conversation, Principal, Request

    seen: list[float] = []

    async def talk(
        answer: terminal.Answer, principal: Principal, conversation: Conversation, **_: Any
    ) -> None:
        for month, amount in (("01", 5), ("02", 7)):
            file = tmp_path / f"{month}.csv"
            file.write_text(
                f"invoice_id,date,customer_id,amount\n{month},2026-{month}-01,a,{amount}\n"
            )
            await asyncio.to_thread(load_files, tmp_path / "home", [("invoices", file)])
            reply = await answer(Request(principal, conversation, "/topclients all", "terminal"))
            seen.append(float(reply.data["revenue"]))

    monkeypatch.setattr(terminal, "chat", talk)
    result = run("chat", "--home", str(tmp_path / "home"))
    assert (result.exit_code, seen) == (0, [5, 12])


def load(home: Path, *files: str) -> Result:
    return run("load", *files, "--home", str(home), "--locale", "en")


def test_load_reports_and_the_answer_is_there(tmp_path: Path) -> None:
    result = load(tmp_path, f"invoices={ROOT}/docs/examples/facturen.csv")
    assert result.exit_code == 0, result.stderr
    assert "9 rows accepted" in result.stdout
    assert "1 row put aside" in result.stdout
    answer = json.loads(
        run("ask", "/topclients all", "--home", str(tmp_path), "--format", "json").stdout
    )
    assert answer["data"]["revenue"] == pytest.approx(47141.25)
    assert answer["data"]["unattributed_revenue"] == pytest.approx(215)
    again = load(tmp_path, f"invoices={ROOT}/docs/examples/facturen.csv")
    assert "loaded already" in again.stdout


@pytest.mark.parametrize(
    ("argument", "says"),
    [
        ("invoices", "TABLE=FILE"),
        ("invoices=/does/not/exist.csv", "exist"),
        ("factuurtjes=x.csv", "factuurtjes"),
    ],
)
def test_a_wrong_load_exits_2_with_one_line(tmp_path: Path, argument: str, says: str) -> None:
    result = load(tmp_path, argument)
    assert result.exit_code == 2
    assert len(lines(result.stderr)) == 1
    assert says in result.stderr


def test_refresh_says_whether_the_win_model_is_trusted(tmp_path: Path) -> None:
    deals = tmp_path / "deals.csv"
    rows = "".join(f"{i},won,2026-01-{i:02},2026-02-01,P{i},100\n" for i in range(1, 21))
    deals.write_text("deal_id,status,created,closed,prospect,amount\n" + rows, encoding="utf-8")
    home = str(tmp_path / "home")
    assert run("load", f"deals={deals}", "--home", home).exit_code == 0
    done = run("refresh", "--home", home)
    assert done.exit_code == 0
    assert "Winmodel: geen, want alle gesloten deals zijn gewonnen" in done.stdout


def test_refresh_makes_a_new_snapshot_of_the_same_data(tmp_path: Path) -> None:
    load(tmp_path, f"invoices={ROOT}/docs/examples/facturen.csv")
    before = (tmp_path / "snapshots" / "CURRENT").read_text()
    assert run("refresh", "--home", str(tmp_path)).exit_code == 0
    assert (tmp_path / "snapshots" / "CURRENT").read_text() != before


def test_a_person_is_exported_and_erased(tmp_path: Path) -> None:
    load(tmp_path, f"invoices={ROOT}/docs/examples/facturen.csv")
    run("ask", "/topclients", "--home", str(tmp_path), "--user", "anna@demo.example")
    kept = json.loads(run("export", "--user", "anna@demo.example", "--home", str(tmp_path)).stdout)
    assert [r["command"] for r in kept["requests"]] == ["topclients"]
    erased = run("erase", "--user", "anna@demo.example", "--home", str(tmp_path), "--locale", "en")
    assert "requests: 1" in erased.stdout
    # Of the pulse nothing can be handed over or erased, and that is said.
    assert "nothing that leads to a person" in erased.stdout
    assert "De puls bewaart niets" in kept["pulse"]
    after = json.loads(run("export", "--user", "anna@demo.example", "--home", str(tmp_path)).stdout)
    assert after["requests"] == []


def test_help_names_every_command() -> None:
    result = run("--help")
    for name in ("ask", "chat", "load", "refresh", "demo", "serve", "doctor", "export", "erase"):
        assert name in result.stdout


def test_the_slack_manifest_is_printed_with_its_link() -> None:
    result = run("manifest", "slack", "--url", "https://ballotage.firm.example")
    manifest = json.loads(result.stdout)
    commands = {c["command"] for c in manifest["features"]["slash_commands"]}
    assert {"/ballotage", "/topclients", "/topklanten"} <= commands
    assert "/status" not in commands
    assert "https://api.slack.com/apps?new_app=1&manifest_json=" in result.stderr
    assert manifest["settings"]["interactivity"]["request_url"].endswith("/slack/events")


def test_the_teams_package_is_written(tmp_path: Path) -> None:
    out = tmp_path / "app.zip"
    app_id = "11111111-2222-3333-4444-555555555555"
    result = run("manifest", "teams", "--app-id", app_id, "--out", str(out), "--locale", "en")
    assert result.exit_code == 0
    with zipfile.ZipFile(out) as package:
        assert set(package.namelist()) == {"manifest.json", "color.png", "outline.png"}
        assert json.loads(package.read("manifest.json"))["bots"][0]["botId"] == app_id


def test_a_teams_package_without_an_app_id_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("MicrosoftAppId", raising=False)
    result = run("manifest", "teams", "--locale", "en")
    assert result.exit_code == 2
    assert "--app-id" in result.stderr
