"""The company's own documents: read once, kept in immutable versions, swapped in atomically.

In the folder stand `texts/<hash>.json` (the pieces of one document, named for its content),
`<version>.json` (which documents there are) and CURRENT, which names the version in force and is
replaced atomically: a reader sees the old state or the new one and never half of either. Writers
take a lock, readers none. What was removed is erased from disk at once.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import os
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal, TypeVar

from filelock import FileLock, Timeout

from knowledge.chunks import Access, Chunk, Piece, language, pieces
from knowledge.errors import KnowledgeError
from knowledge.loading import Limits, fetch, parse

T = TypeVar("T")

FORMAT = 1
"""Raised when reading gives other pieces; a document added again is then read anew."""
PATIENCE = 60.0
"""Seconds a writer waits for another one."""
_ID = 12
_NAME = re.compile(r"\d{6}-[0-9a-f]{6}")

Change = Literal["added", "replaced", "access", "unchanged", "rejected"]


@dataclass(frozen=True, slots=True)
class Document:
    """A document that was taken in. `id` follows from its content, `path` is where it came from.

    `parts` counts its chunks, `size` its bytes; `lang` is "" where it is neither nl nor en.
    """

    id: str
    file: str
    path: str
    title: str
    access: Access
    lang: str
    size: int
    parts: int
    content: str
    added_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file: `document` unless it was rejected, else the `reason`.

    `asked`: it was named itself, and not met in a folder.
    """

    file: str
    change: Change
    asked: bool = True
    document: Document | None = None
    reason: KnowledgeError | None = None


@dataclass(frozen=True, slots=True)
class _Read:
    """A file that was read, before it is put beside the others."""

    file: str
    path: str
    asked: bool
    title: str
    lang: str
    size: int
    content: str
    parts: tuple[Piece, ...]


class Documents:
    """The documents of one home: add, list, remove, and their chunks."""

    def __init__(
        self,
        folder: Path,
        limits: Limits | None = None,
        clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
    ) -> None:
        self.folder = folder
        self.limits = limits or Limits()
        self._clock = clock

    @property
    def version(self) -> str:
        """Name of the version in force, which changes with every change; "" before the first."""
        try:
            name = (self.folder / "CURRENT").read_text(encoding="utf-8", errors="replace").strip()
        except FileNotFoundError:
            return ""
        return name if _NAME.fullmatch(name) else ""

    def list(self) -> tuple[Document, ...]:
        """The documents in force, in the order of their names."""
        return self._retried(self._manifest)

    def chunks(self) -> tuple[Chunk, ...]:
        """The pieces of all documents in force."""
        return self._retried(lambda: tuple(self._chunks(self._manifest())))

    def add(self, *paths: Path, access: Access | None = None) -> tuple[Outcome, ...]:
        """Take in files and folders (with what is in them); one outcome a file.

        The same content again changes nothing; a file that changed replaces what was read from the
        same place before. Without `access` a document keeps what it had, a new one is for all.
        KnowledgeError only where nothing can be kept at all.
        """
        outcomes: list[Outcome | _Read] = []
        for path in paths:
            outcomes += [self._read(*found) for found in self._found(path)]
        if not any(isinstance(found, _Read) for found in outcomes):
            return tuple(found for found in outcomes if isinstance(found, Outcome))
        with self._writing():
            known = {document.path: document for document in self.list()}
            done = [
                found if isinstance(found, Outcome) else self._take(found, known, access)
                for found in outcomes
            ]
            if any(outcome.change in ("added", "replaced", "access") for outcome in done):
                self._publish(tuple(known.values()))
        return tuple(done)

    def remove(self, wanted: str) -> Document:
        """Remove a document by its id (the start of it will do) or its file name."""
        with self._writing():
            kept = self.list()
            wanted = wanted.strip()
            found = [d for d in kept if wanted and d.id.startswith(wanted.lower())]
            found = found or [d for d in kept if wanted in (d.file, d.path)]
            if not found:
                raise KnowledgeError(
                    "There is no document {id}. These are there: python app.py knowledge list",
                    id=_shown(wanted)[:60],
                )
            if len(found) > 1:
                raise KnowledgeError(
                    "{id} can be more than one document: {ids}. Give one of these ids.",
                    id=_shown(wanted)[:60],
                    ids=", ".join(document.id for document in found[:5]),
                )
            self._publish(tuple(document for document in kept if document is not found[0]))
            return found[0]

    def _found(self, path: Path) -> Iterator[tuple[Path, str, bool]]:
        """The files a path stands for: path, name to show, and whether it was named itself."""
        whole = path.expanduser().absolute()
        if not whole.is_dir():
            yield whole, _shown(whole.name), True
            return
        count, root = 0, whole.resolve()
        for folder, below, names in os.walk(root):
            below[:] = sorted(name for name in below if not name.startswith("."))
            for name in sorted(names):
                if name.startswith((".", "~$")):  # of the system, or the lock of an open document
                    continue
                file = Path(folder) / name
                if not file.resolve().is_relative_to(root):  # a link that leads out of the folder
                    continue
                count += 1
                if count > self.limits.files:
                    raise KnowledgeError(
                        "{folder} holds more than {limit} files. Add the folders in it one by one.",
                        folder=_shown(root.name),
                        limit=self.limits.files,
                    )
                yield file, _shown(f"{root.name}/{file.relative_to(root).as_posix()}"), False
        if not count:
            raise KnowledgeError(
                "There are no files in the folder {folder}.", folder=_shown(root.name)
            )

    def _read(self, path: Path, name: str, asked: bool) -> Outcome | _Read:
        try:
            data = fetch(path, name, self.limits)
            contents = parse(data, name, self.limits)
        except KnowledgeError as error:
            return Outcome(name, "rejected", asked, reason=error)
        parts = pieces(contents)
        return _Read(
            file=name,
            path=str(path.resolve()),
            asked=asked,
            title=" ".join(contents.title.split())[:200] or name,
            lang=language(part.text for part in parts),
            size=len(data),
            content=hashlib.sha256(b"%d\n" % FORMAT + data).hexdigest(),
            parts=parts,
        )

    def _take(self, read: _Read, known: dict[str, Document], access: Access | None) -> Outcome:
        """Put what was read among the known documents and say what changed."""
        before = known.get(read.path)
        same = next((d for d in known.values() if d.content == read.content), None)
        if same is not None:
            if access is None or access == same.access:
                return Outcome(read.file, "unchanged", read.asked, same)
            known[same.path] = replace(same, access=access)
            return Outcome(read.file, "access", read.asked, known[same.path])
        document = Document(
            id=read.content[:_ID],
            file=read.file,
            path=read.path,
            title=read.title,
            access=access or (before.access if before else "all"),
            lang=read.lang,
            size=read.size,
            parts=len(read.parts),
            content=read.content,
            added_at=self._clock(),
        )
        texts = {"format": FORMAT, "parts": [asdict(part) for part in read.parts]}
        _write(self._texts(read.content), json.dumps(texts, ensure_ascii=False))
        known[read.path] = document
        return Outcome(read.file, "replaced" if before else "added", read.asked, document)

    def _texts(self, content: str) -> Path:
        return self.folder / "texts" / f"{content}.json"

    def _manifest(self) -> tuple[Document, ...]:
        if not (version := self.version):
            return ()
        raw = json.loads((self.folder / f"{version}.json").read_text(encoding="utf-8"))
        return tuple(
            Document(**entry | {"added_at": dt.datetime.fromisoformat(entry["added_at"])})
            for entry in raw["documents"]
        )

    def _chunks(self, documents: tuple[Document, ...]) -> Iterator[Chunk]:
        for document in documents:
            raw = json.loads(self._texts(document.content).read_text(encoding="utf-8"))
            for number, part in enumerate(raw["parts"], 1):
                yield Chunk(
                    id=f"{document.id}.{number}",
                    document=document.id,
                    title=document.title,
                    heading=part["heading"],
                    label=part["label"],
                    text=part["text"],
                    access=document.access,
                    lang=language([part["text"]]) or document.lang,
                    file=document.file,
                    page=part["page"],
                )

    def _retried(self, read: Callable[[], T]) -> T:
        """Read; once more where a writer cleared away what was in force a moment ago."""
        problem: Exception | None = None
        for _ in range(5):
            version = self.version
            try:
                return read()
            except (OSError, ValueError, TypeError, KeyError) as error:
                problem = error
                if self.version == version and not isinstance(error, FileNotFoundError):
                    break
        raise KnowledgeError(
            "The documents in {folder} cannot be read: {problem}. Put the folder back from a copy, or "
            "delete it and add the documents again.",
            folder=str(self.folder),
            problem=type(problem).__name__,
        ) from problem

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """Let one writer at a time change the folder."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            (self.folder / "texts").mkdir(exist_ok=True, mode=0o700)
            lock = FileLock(self.folder / ".lock")
            lock.acquire(timeout=PATIENCE)
        except Timeout:
            raise KnowledgeError(
                "Documents are being added or removed elsewhere; try again in a minute."
            ) from None
        except OSError as error:
            raise KnowledgeError(
                "{file} cannot be written: {problem}. See to it that you may write there, and that the "
                "disk has room.",
                file=str(self.folder),
                problem=error.strerror or type(error).__name__,
            ) from error
        try:
            yield
        except OSError as error:
            raise KnowledgeError(
                "{file} cannot be written: {problem}. See to it that you may write there, and that the "
                "disk has room.",
                file=str(self.folder),
                problem=error.strerror or type(error).__name__,
            ) from error
        finally:
            lock.release()

    def _publish(self, documents: tuple[Document, ...]) -> None:
        """Put documents in force, then erase what no version in force holds any more."""
        before = self.version
        number = int(before[:6]) + 1 if before else 1
        name = f"{number % 1_000_000:06d}-{os.urandom(3).hex()}"
        entries = [
            asdict(document) | {"added_at": document.added_at.isoformat()}
            for document in sorted(documents, key=lambda d: (d.file.casefold(), d.id))
        ]
        _write(
            self.folder / f"{name}.json",
            json.dumps({"format": FORMAT, "documents": entries}, ensure_ascii=False, indent=1),
        )
        _write(self.folder / "CURRENT", name)
        kept = {f"{document.content}.json" for document in documents}
        for old in self.folder.glob("*.json"):
            if old.stem != name:
                old.unlink(missing_ok=True)
        for old in [*(self.folder / "texts").iterdir(), *self.folder.glob(".part-*")]:
            if old.name not in kept:
                old.unlink(missing_ok=True)


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all, readable by its owner only."""
    partial = path.parent / f".part-{os.urandom(4).hex()}"
    try:
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _shown(name: str) -> str:
    """A file's name without what a terminal or a reader could be misled by."""
    return "".join(c for c in name if unicodedata.category(c)[0] != "C")
