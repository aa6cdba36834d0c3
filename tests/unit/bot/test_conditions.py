"""The conditions in force: the file, its versions, hands that edit it, and crashes in between."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from analytics.ballotage.conditions import Conditions
from analytics.ballotage.expression import FactType
from analytics.ballotage.nodes import ConditionsError
from analytics.ballotage.reading import defaults
from bot import condition_files
from bot.condition_files import ConditionFiles, read_text
from bot.conditions import StoredConditions
from bot.core.conditions import How
from bot.errors import UserError
from tests.conftest import NOW

FIRST = defaults().text
STRICTER = FIRST.replace("fit >= 50", "fit >= 70")
STRICTEST = FIRST.replace("fit >= 50", "fit >= 90")
BROKEN = FIRST.replace("fit >= 50", "fitt >= 50")


def stored(home: Path, **known: FactType) -> StoredConditions:
    return StoredConditions(home, lambda: known, clock=lambda: NOW)


def put(home: Path, text: str, by: str = "ann", **known: FactType) -> Any:
    return stored(home, **known).change(lambda _now: text, by=by, how=How.IMPORT)


def by_hand(home: Path, text: str) -> None:
    home.mkdir(exist_ok=True)
    (home / "conditions.yaml").write_text(text, encoding="utf-8")


def told(source: StoredConditions) -> list[tuple[str, str]]:
    return [(e.how.value, e.by) for e in source.history()]


def test_starts_with_the_defaults_and_writes_nothing(tmp_path: Path) -> None:
    """Who only looks leaves no trace."""
    found = stored(tmp_path / "home").in_force()
    assert (found.conditions, found.entry, found.problem) == (defaults(), None, None)
    assert not (tmp_path / "home").exists()


def test_a_change_is_a_version_with_who_when_and_how(tmp_path: Path) -> None:
    """And another process sees it at once."""
    other = stored(tmp_path)
    assert other.current().text == FIRST
    done = put(tmp_path, STRICTER)
    assert (done.before.text, done.after.text, done.set_aside) == (FIRST, STRICTER, None)
    assert other.current().text == STRICTER
    assert (tmp_path / "conditions.yaml").read_text(encoding="utf-8") == STRICTER
    (entry,) = other.history()
    assert (entry.version, entry.how, entry.by, entry.at) == (
        done.after.version, How.IMPORT, "ann", NOW,
    )  # fmt: skip


def test_the_same_again_is_no_version(tmp_path: Path) -> None:
    """Nothing changed, so nothing is noted."""
    put(tmp_path, STRICTER)
    assert put(tmp_path, STRICTER).entry is None
    assert len(stored(tmp_path).history()) == 1


def test_a_fault_changes_nothing(tmp_path: Path) -> None:
    """What was in force stays so."""
    put(tmp_path, STRICTER)
    with pytest.raises(ConditionsError, match="did you mean 'fit'"):
        put(tmp_path, BROKEN)
    assert stored(tmp_path).current().text == STRICTER
    assert len(stored(tmp_path).history()) == 1


def test_an_edit_by_hand_becomes_a_version(tmp_path: Path) -> None:
    """Noticed without a restart, and once, however many look."""
    source, other = stored(tmp_path), stored(tmp_path)
    put(tmp_path, STRICTER)
    assert source.current().text == STRICTER
    by_hand(tmp_path, STRICTEST)
    assert source.current().text == STRICTEST
    assert other.current().text == STRICTEST
    assert told(source) == [("hand", ""), ("import", "ann")]


def test_a_broken_edit_by_hand_leaves_the_last_good_version(tmp_path: Path) -> None:
    """Also after a restart, until it is mended; its fault can be read."""
    put(tmp_path, STRICTER)
    by_hand(tmp_path, BROKEN)
    for source in (stored(tmp_path), stored(tmp_path)):
        assert source.current().text == STRICTER
        assert source.problem is not None
        assert "did you mean 'fit'" in str(source.problem)
    by_hand(tmp_path, STRICTEST)
    assert source.problem is None
    assert source.current().text == STRICTEST


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", "met: é".encode("cp1252"), b"x" * 5_000_000])
def test_a_file_that_is_no_text_is_a_problem_too(tmp_path: Path, data: bytes) -> None:
    """The defaults stay in force."""
    (tmp_path / "conditions.yaml").write_bytes(data)
    found = stored(tmp_path).in_force()
    assert found.conditions.text == FIRST
    assert found.problem is not None


def test_a_removed_file_brings_the_defaults_back(tmp_path: Path) -> None:
    """That is a change by hand as well."""
    put(tmp_path, STRICTER)
    (tmp_path / "conditions.yaml").unlink()
    source = stored(tmp_path)
    assert source.current().text == FIRST
    assert told(source) == [("hand", ""), ("import", "ann")]


def test_chat_does_not_overwrite_a_broken_edit_by_hand(tmp_path: Path) -> None:
    """Somebody is at work there; an import replaces it and keeps what it replaced."""
    put(tmp_path, STRICTER)
    by_hand(tmp_path, BROKEN)
    with pytest.raises(UserError, match="edited by hand"):
        stored(tmp_path).change(lambda now: now.text + "# x\n", by="bob", how=How.CHAT)
    assert (tmp_path / "conditions.yaml").read_text(encoding="utf-8") == BROKEN
    done = put(tmp_path, STRICTEST)
    assert done.set_aside.read_text(encoding="utf-8") == BROKEN
    assert stored(tmp_path).problem is None


def test_goes_back_to_any_version(tmp_path: Path) -> None:
    """By its first characters; the first ten conditions have a name."""
    first = put(tmp_path, STRICTER).after.version
    put(tmp_path, STRICTEST)
    source = stored(tmp_path)
    assert source.restore(first[:5], by="bob").after.text == STRICTER
    assert source.restore("standaard", by="bob").after.text == FIRST
    assert told(source)[:2] == [("restore", "bob")] * 2
    for wrong in ("zzzz", "", first[:2]):
        with pytest.raises(UserError, match="There is no version"):
            source.restore(wrong, by="bob")


def test_restoring_what_is_in_force_mends_a_broken_file(tmp_path: Path) -> None:
    """The way out that the problem names."""
    version = put(tmp_path, STRICTER).after.version
    by_hand(tmp_path, BROKEN)
    done = stored(tmp_path).restore(version, by="bob")
    assert done.set_aside is not None
    assert (tmp_path / "conditions.yaml").read_text(encoding="utf-8") == STRICTER


def test_a_changed_text_of_a_version_is_not_believed(tmp_path: Path) -> None:
    """Its name is its hash."""
    version = put(tmp_path, STRICTER).after.version
    put(tmp_path, STRICTEST)
    (tmp_path / "conditions" / f"{version}.yaml").write_text(FIRST, encoding="utf-8")
    with pytest.raises(UserError, match="lost or damaged"):
        stored(tmp_path).restore(version, by="bob")


@pytest.mark.parametrize(
    "damage", [b"{}", b"\xff\xff", b'{"version": 5}', b"[1]", b'{"at": "x"', b"null"]
)
def test_a_damaged_line_of_the_journal_is_skipped(tmp_path: Path, damage: bytes) -> None:
    """Also one that was cut off: the next line is whole."""
    put(tmp_path, STRICTER)
    with (tmp_path / "conditions" / "journal.jsonl").open("ab") as file:
        file.write(damage)
    put(tmp_path, STRICTEST)
    assert told(stored(tmp_path)) == [("import", "ann")] * 2


FACTS = FIRST.replace("fit >= 50", "machines >= 3")


def test_uses_facts_of_the_data_and_outlives_them(tmp_path: Path) -> None:
    """A column that disappears makes a fact unknown; it does not end the ballotage."""
    with pytest.raises(ConditionsError, match="machines"):
        put(tmp_path, FACTS)
    put(tmp_path, FACTS, machines=FactType.NUMBER)
    later = stored(tmp_path)
    found = later.in_force()
    assert (found.conditions.text, found.problem, found.gone) == (FACTS, None, ("machines",))
    assert stored(tmp_path, machines=FactType.NUMBER).in_force().gone == ()
    # Another condition can still be changed, and going back still works.
    lighter = FACTS.replace("weight: 1\n", "weight: 3\n")
    changed = later.change(lambda _now: lighter, by="bob", how=How.CHAT)
    assert stored(tmp_path).current().text == lighter
    later.restore("defaults", by="bob")
    later.restore(changed.after.version, by="bob")
    assert stored(tmp_path).in_force().gone == ("machines",)


def test_new_data_can_mend_an_edit_by_hand(tmp_path: Path) -> None:
    """The column it asked for was loaded: looked at again, though the file did not change."""
    known: dict[str, FactType] = {}
    loads = [1]
    source = StoredConditions(tmp_path, lambda: known, data=lambda: loads[0], clock=lambda: NOW)
    by_hand(tmp_path, FACTS)
    assert source.in_force().problem is not None
    known["machines"], loads[0] = FactType.NUMBER, 2
    assert source.in_force().problem is None
    assert source.current().text == FACTS


def test_who_only_examines_writes_nothing(tmp_path: Path) -> None:
    """`doctor` sees an edit by hand and leaves noting it to others."""
    by_hand(tmp_path, STRICTER)
    looking = StoredConditions(tmp_path, notes=False)
    assert looking.current().text == STRICTER
    assert [p.name for p in tmp_path.iterdir()] == ["conditions.yaml"]


def test_forgets_a_person(tmp_path: Path) -> None:
    """The version stays, the name goes."""
    put(tmp_path, STRICTER, by="ann")
    put(tmp_path, STRICTEST, by="bob")
    source = stored(tmp_path)
    assert [c["how"] for c in source.changed_by("ann")] == ["import"]
    assert source.forget("ann") == 1
    assert told(source) == [("import", "bob"), ("import", "")]
    assert "ann" not in (tmp_path / "conditions" / "journal.jsonl").read_text(encoding="utf-8")
    assert source.current().text == STRICTEST


STEPS = ("write 1", "write 2", "write 3", "append", "unlink")


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def cut_off(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Make the next writer die before a step."""

    def at(step: str) -> None:
        writes = iter(range(1, 99))
        real = condition_files._write

        def write(*args: Any) -> None:
            if step == f"write {next(writes)}":
                raise Killed
            real(*args)

        monkeypatch.setattr(condition_files, "_write", write)
        if step == "append":
            monkeypatch.setattr(ConditionFiles, "_append", _die(Killed))
        if step == "unlink":
            monkeypatch.setattr(Path, "unlink", _die(Killed))

    return at


def _die(error: type[BaseException]) -> Callable[..., None]:
    def die(*_args: object, **_options: object) -> None:
        raise error

    return die


@pytest.mark.parametrize("step", STEPS)
def test_a_crash_leaves_the_old_or_the_new_version_with_its_author(
    tmp_path: Path, step: str, cut_off: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever step it dies before, nothing passes for an edit by hand."""
    put(tmp_path, STRICTER)
    cut_off(step)
    with pytest.raises(Killed):
        put(tmp_path, STRICTEST, by="bob")
    monkeypatch.undo()
    source = stored(tmp_path)
    came_through = step in {"append", "unlink"}
    assert source.current().text == (STRICTEST if came_through else STRICTER)
    assert told(source) == [("import", "bob")] * came_through + [("import", "ann")]
    assert source.restore("defaults", by="cas").after.text == FIRST


def test_half_written_files_are_cleared_away(tmp_path: Path) -> None:
    """The next writer finds what one that was killed left behind."""
    put(tmp_path, STRICTER)
    left = [tmp_path / ".conditions-1.part", tmp_path / "conditions" / ".conditions-2.part"]
    for part in left:
        part.write_text("half", encoding="utf-8")
    put(tmp_path, STRICTEST)
    assert not any(part.exists() for part in left)


def test_writers_take_turns(tmp_path: Path) -> None:
    """Each adds its line to what the one before it left."""

    def add(number: int) -> None:
        def edit(now: Conditions) -> str:
            return f"{now.text}# {number}\n"

        stored(tmp_path).change(edit, by=str(number), how=How.CHAT)

    threads = [threading.Thread(target=add, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    text = stored(tmp_path).current().text
    assert sorted(text.removeprefix(FIRST).split()) == sorted([*("#" * 8), *"01234567"])
    assert len(stored(tmp_path).history()) == 8


def test_readers_see_whole_versions_while_somebody_writes(tmp_path: Path) -> None:
    """Never a mixture, never a problem."""
    source, stop, seen = stored(tmp_path), threading.Event(), set[str]()

    def read() -> None:
        while not stop.is_set():
            found = source.in_force()
            seen.add(found.conditions.text if found.problem is None else "problem")

    readers = [threading.Thread(target=read) for _ in range(3)]
    for thread in readers:
        thread.start()
    for text in (STRICTER, STRICTEST, FIRST) * 4:
        put(tmp_path, text)
    stop.set()
    for thread in readers:
        thread.join()
    assert seen <= {FIRST, STRICTER, STRICTEST}
    assert {how for how, _by in told(source)} == {"import"}


def test_a_lock_held_elsewhere_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Readers do not wait for it."""
    put(tmp_path, STRICTER)
    monkeypatch.setattr(condition_files, "PATIENCE", 0.05)
    with ConditionFiles(tmp_path).writing():
        with pytest.raises(UserError, match="being changed elsewhere"):
            put(tmp_path, STRICTEST)
        assert stored(tmp_path).current().text == STRICTER


@pytest.mark.parametrize("before", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_and_marks_do_not_make_a_version(tmp_path: Path, before: str, end: str) -> None:
    """The same conditions, whatever editor saved them."""
    path = tmp_path / "x.yaml"
    path.write_bytes((before + STRICTER.replace("\n", end)).encode())
    assert read_text(path) == STRICTER


def test_an_edit_by_hand_with_other_line_ends_is_no_edit(tmp_path: Path) -> None:
    """Opened and saved in Windows."""
    put(tmp_path, STRICTER)
    (tmp_path / "conditions.yaml").write_bytes(STRICTER.replace("\n", "\r\n").encode())
    assert told(stored(tmp_path)) == [("import", "ann")]


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """And an edit by hand is in force all the same."""
    (tmp_path / "conditions").write_text("in the way", encoding="utf-8")
    with pytest.raises(UserError, match="cannot be written"):
        put(tmp_path, STRICTEST)
    by_hand(tmp_path, STRICTER)
    assert stored(tmp_path).current().text == STRICTER


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    """The file may be kept elsewhere, in version control for one."""
    elsewhere = tmp_path / "kept.yaml"
    elsewhere.write_text(FIRST, encoding="utf-8")
    home = tmp_path / "home"
    home.mkdir()
    (home / "conditions.yaml").symlink_to(elsewhere)
    put(home, STRICTER)
    assert (home / "conditions.yaml").is_symlink()
    assert elsewhere.read_text(encoding="utf-8") == STRICTER


def test_the_journal_is_in_utc(tmp_path: Path) -> None:
    """Whatever clock wrote it."""
    here = dt.timezone(dt.timedelta(hours=2))
    source = StoredConditions(tmp_path, clock=lambda: NOW.astimezone(here))
    source.change(lambda _now: STRICTER, by="ann", how=How.IMPORT)
    line = json.loads((tmp_path / "conditions" / "journal.jsonl").read_text(encoding="utf-8"))
    assert line["at"] == "2026-11-24T09:30:00.000000+00:00"
