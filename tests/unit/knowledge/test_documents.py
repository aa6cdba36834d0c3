"""The store of own documents: stable, replaced, removed, whole after a crash, beside readers."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from filelock import FileLock

import knowledge.documents as module
from knowledge.documents import Documents
from knowledge.errors import KnowledgeError
from knowledge.loading import Limits

ROOT = Path(__file__).parents[3]


@pytest.fixture
def documents(tmp_path: Path) -> Documents:
    return Documents(tmp_path / "home" / "knowledge" / "documents")


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def changes(documents: Documents, *paths: Path, access: str | None = None) -> list[str]:
    return [o.change for o in documents.add(*paths, access=access)]  # type: ignore[arg-type]


def test_the_same_file_again_changes_nothing(documents: Documents, tmp_path: Path) -> None:
    path = write(tmp_path / "a.md", "# Korting\n\nNooit zomaar.")
    assert changes(documents, path) == ["added"]
    version, chunks = documents.version, documents.chunks()
    assert changes(documents, path) == ["unchanged"]
    assert (documents.version, documents.chunks()) == (version, chunks)


def test_ids_follow_from_the_content_alone(documents: Documents, tmp_path: Path) -> None:
    path = write(tmp_path / "a.md", "# Korting\n\nNooit zomaar.")
    documents.add(path)
    other = Documents(tmp_path / "other")
    other.add(write(tmp_path / "elders" / "b.md", "# Korting\n\nNooit zomaar."))
    assert [c.id for c in documents.chunks()] == [c.id for c in other.chunks()]


def test_a_changed_file_takes_the_place_of_what_was_read(
    documents: Documents, tmp_path: Path
) -> None:
    path = write(tmp_path / "a.md", "Oud beleid.")
    documents.add(path, access="mt")
    write(path, "Nieuw beleid.")
    assert changes(documents, path) == ["replaced"]
    (chunk,) = documents.chunks()
    assert (chunk.text, chunk.access) == ("Nieuw beleid.", "mt")
    assert not [p for p in documents.folder.rglob("*") if p.is_file() and b"Oud" in p.read_bytes()]


def test_two_files_of_one_name_stand_beside_each_other(
    documents: Documents, tmp_path: Path
) -> None:
    documents.add(write(tmp_path / "x" / "a.md", "Een."), write(tmp_path / "y" / "a.md", "Twee."))
    assert sorted(c.text for c in documents.chunks()) == ["Een.", "Twee."]


def test_a_document_of_the_mt_stays_so_until_it_is_opened_on_purpose(
    documents: Documents, tmp_path: Path
) -> None:
    path = write(tmp_path / "map" / "a.md", "Vertrouwelijk.")
    documents.add(path, access="mt")
    assert changes(documents, tmp_path / "map") == ["unchanged"]
    copy = write(tmp_path / "kopie.md", "Vertrouwelijk.")
    assert changes(documents, copy) == ["unchanged"]
    assert {c.access for c in documents.chunks()} == {"mt"}
    assert changes(documents, path, access="all") == ["access"]
    assert {c.access for c in documents.chunks()} == {"all"}


def test_a_folder_is_read_with_all_in_it_and_no_further(
    documents: Documents, tmp_path: Path
) -> None:
    outside = write(tmp_path / "elders" / "geheim.md", "Geheim.")
    folder = tmp_path / "map"
    write(folder / "a.md", "Een.")
    write(folder / "diep" / "b.txt", "Twee.")
    write(folder / ".git" / "c.md", "Drie.")
    write(folder / ".verborgen.md", "Vier.")
    write(folder / "d.csv", "Vijf.")
    (folder / "link.md").symlink_to(outside)
    outcomes = documents.add(folder)
    assert {(o.file, o.change) for o in outcomes} == {
        ("map/a.md", "added"),
        ("map/diep/b.txt", "added"),
        ("map/d.csv", "rejected"),
    }
    assert sorted(c.text for c in documents.chunks()) == ["Een.", "Twee."]


def test_a_folder_with_too_many_files_or_none_is_refused(tmp_path: Path) -> None:
    documents = Documents(tmp_path / "home", Limits(files=2))
    for name in ("a", "b", "c"):
        write(tmp_path / "map" / f"{name}.txt", name)
    with pytest.raises(KnowledgeError, match="more than 2 files"):
        documents.add(tmp_path / "map")
    (tmp_path / "leeg").mkdir()
    with pytest.raises(KnowledgeError, match="no files in the folder leeg"):
        documents.add(tmp_path / "leeg")


def test_what_is_removed_is_gone_from_the_disk(documents: Documents, tmp_path: Path) -> None:
    documents.add(write(tmp_path / "a.md", "Vertrouwelijk."), write(tmp_path / "b.md", "Blijft."))
    wanted = next(d for d in documents.list() if d.file == "a.md")
    assert documents.remove(wanted.id[:6]).file == "a.md"
    assert [c.text for c in documents.chunks()] == ["Blijft."]
    kept = [p for p in documents.folder.rglob("*") if p.is_file()]
    assert not [p for p in kept if b"Vertrouwelijk" in p.read_bytes()]
    with pytest.raises(KnowledgeError, match="no document"):
        documents.remove(wanted.id)
    with pytest.raises(KnowledgeError, match="no document"):
        documents.remove("")


def test_a_name_two_documents_share_asks_for_an_id(documents: Documents, tmp_path: Path) -> None:
    documents.add(write(tmp_path / "x" / "a.md", "Een."), write(tmp_path / "y" / "a.md", "Twee."))
    with pytest.raises(KnowledgeError, match="more than one"):
        documents.remove("a.md")


def test_only_the_owner_can_read_the_folder(documents: Documents, tmp_path: Path) -> None:
    documents.add(write(tmp_path / "a.md", "Een."))
    files = [p for p in documents.folder.rglob("*") if p.is_file() and p.name != ".lock"]
    assert files
    assert {oct(p.stat().st_mode & 0o077) for p in files} == {"0o0"}
    assert documents.folder.stat().st_mode & 0o077 == 0


def test_a_name_cannot_mislead_a_terminal(documents: Documents, tmp_path: Path) -> None:
    (outcome,) = documents.add(write(tmp_path / "a\x1b[31m\u202e.md", "Een."))
    assert outcome.file == "a[31m.md"


CUT_OFF = """
import os, sys
from pathlib import Path
from knowledge.documents import Documents
folder, path, stop = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
calls = 0
def counted(real):
    def call(*args, **kwargs):
        global calls
        calls += 1
        if calls == stop:
            os._exit(9)
        return real(*args, **kwargs)
    return call
Path.replace, Path.unlink, os.fsync = counted(Path.replace), counted(Path.unlink), counted(os.fsync)
Documents(folder).add(path)
"""


@pytest.mark.parametrize("stop", range(1, 10))
def test_a_writer_that_dies_leaves_the_old_state_or_the_new(
    documents: Documents, tmp_path: Path, stop: int
) -> None:
    path = write(tmp_path / "a.md", "Oud.")
    documents.add(path)
    write(path, "Nieuw.")
    subprocess.run(
        [sys.executable, "-c", CUT_OFF, str(documents.folder), str(path), str(stop)],
        cwd=ROOT,
        check=False,
        timeout=60,
    )
    assert [c.text for c in documents.chunks()] in (["Oud."], ["Nieuw."])
    documents.add(path, write(tmp_path / "b.md", "Meer."))
    assert sorted(c.text for c in documents.chunks()) == ["Meer.", "Nieuw."]
    assert not list(documents.folder.rglob(".part-*"))


def test_readers_see_whole_versions_while_others_write(
    documents: Documents, tmp_path: Path
) -> None:
    paths = [tmp_path / f"{n}.md" for n in range(3)]
    states = [[f"stand {turn}"] * 3 for turn in range(25)]
    for path in paths:
        write(path, "stand 0" + " " * int(path.stem))
    documents.add(*paths)
    seen: list[list[str]] = []
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            seen.append([c.text for c in Documents(documents.folder).chunks()])

    reader = threading.Thread(target=look)
    reader.start()
    for turn in range(1, 25):
        for path in paths:
            write(path, f"stand {turn}" + " " * int(path.stem))
        documents.add(*paths)
    done.set()
    reader.join()
    assert seen
    assert all(state in states for state in seen)


def test_a_second_writer_waits_and_then_says_so(
    documents: Documents, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.md", "Een.")
    documents.add(path)
    monkeypatch.setattr(module, "PATIENCE", 0.05)
    with FileLock(documents.folder / ".lock"):
        assert documents.chunks()  # readers take no lock
        write(path, "Twee.")
        with pytest.raises(KnowledgeError, match="elsewhere"):
            documents.add(path)


def test_a_damaged_folder_says_what_to_do(documents: Documents, tmp_path: Path) -> None:
    documents.add(write(tmp_path / "a.md", "Een."))
    (documents.folder / f"{documents.version}.json").write_text("{", encoding="utf-8")
    with pytest.raises(KnowledgeError, match="Put the folder back"):
        documents.chunks()


def test_nothing_is_made_where_nothing_could_be_read(documents: Documents, tmp_path: Path) -> None:
    assert changes(documents, tmp_path / "weg.md") == ["rejected"]
    assert not documents.folder.exists()
    assert (documents.list(), documents.chunks(), documents.version) == ((), (), "")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs a user with fewer rights")
def test_a_file_one_may_not_read_says_so(documents: Documents, tmp_path: Path) -> None:
    path = write(tmp_path / "a.md", "Een.")
    path.chmod(0)
    (outcome,) = documents.add(path)
    assert "may read it" in str(outcome.reason)
