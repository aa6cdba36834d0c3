"""The files behind the conditions: the one in force, the text of every version, and their journal.

    HOME/conditions.yaml            in force; whoever may write here may edit it by hand
    HOME/conditions/VERSION.yaml    the text of a version
    HOME/conditions/journal.jsonl   a line a version: which, how, when (UTC), by whom

A version is put in force in five steps: its text, a note of what is about to happen, the file in
force (replaced whole), its line in the journal, and the note away. What was cut off between two of
them is finished by the next who looks, or forgotten where it had not come into force.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from filelock import FileLock, Timeout

from analytics.ballotage.nodes import LARGEST, ConditionsError
from analytics.errors import DataError
from bot.core.conditions import Entry, How
from bot.errors import UserError

PATIENCE = 10.0
"""Seconds to wait for another writer."""
MOST_BYTES = 4 * LARGEST
PART = ".conditions-*.part"
"""Names of files that are being written."""
Stamp = tuple[int, int, int, int] | None
"""What changes when a file does; None where there is none."""


def version_of(text: str) -> str:
    """The version of a text, as `Conditions.version` has it."""
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def read_text(path: Path) -> str:
    """A conditions file as text: no byte order mark, lines that end in a line feed.

    UserError where it cannot be read, ConditionsError where it is no text.
    """
    try:
        if path.is_dir():
            raise UserError("{file} is a folder; name the YAML file in it.", file=str(path))
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise UserError(
            "{file} cannot be read: {problem}.",
            file=str(path)[:200],
            problem=getattr(error, "strerror", None) or type(error).__name__,
        ) from None
    return decoded(data)


def decoded(data: bytes) -> str:
    """The bytes of a conditions file as text. ConditionsError where it is no UTF-8 text."""
    if len(data) > MOST_BYTES:
        raise ConditionsError(
            [DataError("A conditions file has at most {limit} characters.", limit=LARGEST)]
        )
    if b"\0" in data:
        raise ConditionsError(
            [DataError("This is no text file in UTF-8; save the conditions as a .yaml file.")]
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConditionsError(
            [DataError("Line {line}: a character is not UTF-8; save the file as UTF-8.", line=line)]
        ) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


class ConditionFiles:
    """The files of one home. Writers hold `writing()`; readers need not."""

    def __init__(self, home: Path) -> None:
        self.path = home / "conditions.yaml"
        self.folder = home / "conditions"
        self._journal = self.folder / "journal.jsonl"
        self._pending = self.folder / "pending.json"
        self._lock = FileLock(self.folder / ".lock")

    def stamp(self) -> Stamp:
        """What changes when the file in force does."""
        try:
            found = self.path.stat()
        except OSError:
            return None
        return (found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino)

    def in_force(self) -> str | None:
        """The text in force, None where there is no file. ConditionsError where it is no text."""
        try:
            with self.path.open("rb") as file:
                data = file.read(MOST_BYTES + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ConditionsError(
                [
                    DataError(
                        "{file} cannot be read: {problem}.",
                        file=str(self.path),
                        problem=error.strerror or type(error).__name__,
                    )
                ]
            ) from None
        return decoded(data)

    def text_of(self, version: str) -> str | None:
        """The text of a version, None where it is lost or was changed."""
        try:
            text = (self.folder / f"{version}.yaml").read_bytes().decode()
        except (OSError, UnicodeDecodeError):
            return None
        return text if version_of(text) == version else None

    def journal(self) -> list[Entry]:
        """Every version that was put in force, the oldest first; damaged lines are skipped."""
        try:
            lines = self._journal.read_bytes().split(b"\n")
        except OSError:
            return []
        return [entry for line in lines if (entry := _entry(line)) is not None]

    @contextlib.contextmanager
    def writing(self, patience: float | None = None) -> Iterator[None]:
        """Let one writer at a time in, and finish what an earlier one was cut off from."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock.acquire(timeout=PATIENCE if patience is None else patience)
        except Timeout:
            raise UserError(
                "The conditions are being changed elsewhere; try again in a minute."
            ) from None
        except OSError as error:
            raise self._unwritable(error) from error
        try:
            self._clear()
            self._settle()
            yield
        except OSError as error:
            raise self._unwritable(error) from error
        finally:
            self._lock.release()

    @property
    def unsettled(self) -> bool:
        """Whether a writer was cut off, or is busy now."""
        return self._pending.exists()

    def publish(self, text: str, entry: Entry) -> None:
        """Put a text in force. Only while `writing()`."""
        self.note(text, entry, pending=True)
        target = self.path.resolve()  # a link stays one
        _write(target, text.encode(), _mode(target))
        self._append(entry)
        self._pending.unlink(missing_ok=True)

    def note(self, text: str, entry: Entry, *, pending: bool = False) -> None:
        """Keep the text of a version that is in force already; pending: that is about to be."""
        _write(self.folder / f"{entry.version}.yaml", text.encode())
        if pending:
            _write(self._pending, _line(entry))
        else:
            self._append(entry)

    def set_aside(self) -> Path | None:
        """Keep the file in force as it stands under another name; None where there is none."""
        try:
            data = self.path.read_bytes()
        except OSError:
            return None
        kept = self.folder / f"refused-{hashlib.sha256(data).hexdigest()[:10]}.yaml"
        _write(kept, data)
        return kept

    def forget(self, user: str) -> int:
        """Take a person's name out of the journal; how many lines had it."""
        if not self._journal.exists() or not user:
            return 0
        with self.writing():
            lines = self._journal.read_bytes().split(b"\n")
            count = 0
            for place, line in enumerate(lines):
                found = _entry(line)
                if found is not None and found.by == user:
                    nameless = Entry(found.version, found.how, found.at, "", found.facts)
                    lines[place] = _line(nameless).rstrip(b"\n")
                    count += 1
            if count:
                _write(self._journal, b"\n".join(lines))
            return count

    def _clear(self) -> None:
        """Remove what a writer that was cut off left half written; nobody else is writing."""
        for folder in {self.folder, self.path.resolve().parent}:
            for part in folder.glob(PART):
                part.unlink(missing_ok=True)

    def _settle(self) -> None:
        try:
            entry = _entry(self._pending.read_bytes())
        except OSError:
            return
        with contextlib.suppress(ConditionsError):
            text = self.in_force()
            journal = self.journal()
            noted = bool(journal) and journal[-1] == entry
            if entry and text is not None and version_of(text) == entry.version and not noted:
                self._append(entry)
        self._pending.unlink(missing_ok=True)

    def _append(self, entry: Entry) -> None:
        with self._journal.open("ab") as file:
            if os.name == "posix":
                os.fchmod(file.fileno(), 0o600)
            # A line that was cut off must not take the next one along.
            torn = file.tell() > 0 and not _ends_with_newline(self._journal)
            file.write((b"\n" if torn else b"") + _line(entry))
            file.flush()
            os.fsync(file.fileno())

    def _unwritable(self, error: OSError) -> UserError:
        return UserError(
            "{file} cannot be written: {problem}. See to it that you may write there, and that the "
            "disk has room.",
            file=str(error.filename or self.path),
            problem=error.strerror or type(error).__name__,
        )


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


def _line(entry: Entry) -> bytes:
    values = {
        "version": entry.version,
        "how": entry.how.value,
        "at": entry.at.astimezone(dt.UTC).isoformat(timespec="microseconds"),
        "by": entry.by,
        "facts": dict(entry.facts),
    }
    return json.dumps(values, ensure_ascii=False, sort_keys=True).encode() + b"\n"


def _entry(line: bytes) -> Entry | None:
    try:
        found = json.loads(line)
        at = dt.datetime.fromisoformat(found["at"])
        facts = found.get("facts") or {}
        if not isinstance(found["version"], str) or not isinstance(facts, Mapping):
            return None
        if at.tzinfo is None or not isinstance(found["by"], str):
            return None
        return Entry(found["version"], How(found["how"]), at, found["by"], dict(facts))
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode & 0o777
    except OSError:
        return 0o600


def _write(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Write a file whole or not at all."""
    partial = path.parent / PART.replace("*", os.urandom(4).hex())
    try:
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
