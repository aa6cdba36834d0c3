"""Golden cards against the open Adaptive Cards renderer, manifests against the schema with ajv."""

from __future__ import annotations

import copy
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from bot.core.command import discover
from bot.manifests.teams import teams_manifest

HERE = Path(__file__).parent
GOLDEN = HERE.parents[1] / "golden" / "teams"
NODE = shutil.which("node")
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(
        NODE is None or not (HERE / "node_modules" / "adaptivecards").is_dir(),
        reason="install the Node parts: npm ci --prefix tests/e2e/teams",
    ),
]
APP = "11111111-1111-1111-1111-111111111111"


def check(cards: dict[str, Any], manifests: dict[str, Any]) -> dict[str, list[str]]:
    assert NODE is not None
    done = subprocess.run(
        [NODE, "check.cjs"], cwd=HERE, input=json.dumps({"cards": cards, "manifests": manifests}),
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found


def goldens() -> dict[str, Any]:
    return {
        file.stem: json.loads(file.read_text("utf-8"))["attachments"][0]["content"]
        for file in sorted(GOLDEN.glob("*.json"))
    }


def test_every_golden_card_and_both_manifests_are_valid() -> None:
    registry = discover()
    manifests = {locale: teams_manifest(registry, locale, APP) for locale in ("nl", "en")}
    cards = goldens()
    assert len(cards) > 20
    assert check(cards, manifests) == {}


def test_the_checks_find_what_is_wrong() -> None:
    card = copy.deepcopy(goldens()["rows_1"])
    card["body"][0]["type"] = "TextBlok"
    card["body"][1]["size"] = "Huge"
    manifest = teams_manifest(discover(), "nl", APP)
    manifest["bots"][0]["commandLists"][0]["triggers"] = ["slashy"]
    found = check({"card": card}, {"manifest": manifest})
    assert set(found) == {"card", "manifest"}
