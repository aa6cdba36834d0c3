"""Lock files name versions and hashes, never where from: that is for whoever installs to say."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NODE = ("slack", "teams")


@pytest.mark.parametrize("part", NODE)
def test_the_node_parts_are_pinned_without_a_registry(part: str) -> None:
    folder = ROOT / "tests" / "e2e" / part
    lock = json.loads((folder / "package-lock.json").read_text(encoding="utf-8"))
    wanted = json.loads((folder / "package.json").read_text(encoding="utf-8"))["dependencies"]
    packages = {name: each for name, each in lock["packages"].items() if name}
    assert not [name for name, each in packages.items() if "resolved" in each]
    assert not [name for name, each in packages.items() if not each.get("integrity")]
    pinned = {name: packages[f"node_modules/{name}"]["version"] for name in wanted}
    assert pinned == wanted


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_the_python_lock_files_name_no_address(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert not re.findall(r"https?://|--(?:extra-)?index-url|--find-links", text)
