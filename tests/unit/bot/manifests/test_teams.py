from __future__ import annotations

import io
import json
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from bot.core.command import Accepts, Arguments, Command, Permission, Registry, discover
from bot.core.parser import parse
from bot.core.reply import Reply
from bot.core.request import Request
from bot.core.services import Services
from bot.errors import SettingsError
from bot.manifests.teams import menu, teams_manifest, teams_package

APP = "11111111-1111-1111-1111-111111111111"
SCHEMA = Path(__file__).parents[3] / "golden" / "teams" / "schema" / "MicrosoftTeams.schema.json"
NOT_PYTHON = {r"^[\p{L}][\p{L}0-9._]*$"}
"""Patterns of the schema that Python's `re` does not know; `make e2e` checks with ajv, which does."""


@pytest.fixture(scope="module")
def registry() -> Registry:
    return discover()


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(SCHEMA.read_text("utf-8-sig"))
    dropped: set[str] = set()

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            if value.get("pattern") in NOT_PYTHON:
                dropped.add(value.pop("pattern"))
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    walk(found)
    assert dropped == NOT_PYTHON
    return found


def errors(manifest: dict[str, Any], schema: dict[str, Any]) -> list[str]:
    return [e.message for e in jsonschema.Draft4Validator(schema).iter_errors(manifest)]


@pytest.mark.parametrize("locale", ["nl", "en"])
def test_the_manifest_is_valid(registry: Registry, schema: dict[str, Any], locale: str) -> None:
    assert errors(teams_manifest(registry, locale, APP), schema) == []


def test_the_check_finds_a_wrong_manifest(registry: Registry, schema: dict[str, Any]) -> None:
    manifest = teams_manifest(registry, "nl", APP)
    manifest["bots"][0]["commandLists"][0]["triggers"] = ["slashy"]
    assert errors(manifest, schema)
    manifest = teams_manifest(registry, "nl", APP)
    manifest["bots"][0]["commandLists"][0]["commands"] *= 3
    assert errors(manifest, schema)


@pytest.mark.parametrize(("locale", "title"), [("nl", "topklanten"), ("en", "topclients")])
def test_commands_come_from_the_registry_in_one_language(
    registry: Registry, locale: str, title: str
) -> None:
    (bot,) = teams_manifest(registry, locale, APP)["bots"]
    personal, group = bot["commandLists"]
    assert personal["scopes"] == ["personal"]
    assert group["triggers"] == ["mention", "slash"]
    titles = [command["title"] for command in group["commands"]]
    assert titles[0] == title
    for typed in titles:
        command, _ = parse(typed, registry)
        assert command.name_in(locale) == typed


def test_more_commands_than_fit_keep_help_and_the_first_ones() -> None:
    async def run(request: Request, args: Arguments, services: Services) -> Reply:
        return Reply(())

    crowd = Registry()
    for number in range(20):
        permission = Permission.MANAGE if number == 3 else Permission.REVENUE
        name = "help" if number == 19 else f"c{number:02}"
        crowd.add(
            Command(name, "s", "u", "g", ("e",), run, order=number, permission=permission,
                    accepts=frozenset[Accepts]())
        )  # fmt: skip
    names = [command.name for command in menu(crowd)]
    assert len(names) == 12
    assert names[-1] == "help"
    assert "c03" not in names
    assert names[:3] == ["c00", "c01", "c02"]


def test_the_package_holds_the_manifest_and_icons_of_the_right_size(registry: Registry) -> None:
    package = teams_package(registry, "nl", APP)
    assert package == teams_package(registry, "nl", APP)
    with zipfile.ZipFile(io.BytesIO(package)) as found:
        assert found.namelist() == ["manifest.json", "color.png", "outline.png"]
        manifest = json.loads(found.read("manifest.json"))
        colour, outline = (picture(found.read(f"{n}.png")) for n in ("color", "outline"))
    assert manifest["id"] == manifest["bots"][0]["botId"] == APP
    assert (len(colour), len(colour[0]), len(outline)) == (192, 192, 32)
    assert {pixel[3] for row in colour for pixel in row} == {255}
    assert colour[0][0] == (11, 93, 78, 255)
    # White lines on nothing: what Teams demands of an outline.
    seen = {pixel for row in outline for pixel in row}
    assert {pixel[:3] for pixel in seen} == {(255, 255, 255)}
    assert outline[0][0][3] == 0
    assert max(pixel[3] for pixel in seen) == 255


def picture(png: bytes) -> list[list[tuple[int, ...]]]:
    """Pixels of a PNG without filters."""
    at, data, size = 8, b"", (0, 0)
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        body = png[at + 8 : at + 8 + length]
        if kind == b"IHDR":
            size = struct.unpack(">II", body[:8])
        data += body if kind == b"IDAT" else b""
        at += 12 + length
    raw, (width, height) = zlib.decompress(data), size
    line = width * 4 + 1
    return [
        [tuple(raw[y * line + 1 + x * 4 : y * line + 5 + x * 4]) for x in range(width)]
        for y in range(height)
    ]


@pytest.mark.parametrize("app_id", ["", "nonsense", "11111111111111111111111111111111", APP + "0"])
def test_an_app_id_that_is_none_says_where_to_find_it(registry: Registry, app_id: str) -> None:
    with pytest.raises(SettingsError, match="MicrosoftAppId"):
        teams_package(registry, "nl", app_id)


def test_a_website_must_be_https(registry: Registry) -> None:
    with pytest.raises(SettingsError, match="https"):
        teams_package(registry, "nl", APP, website="http://x.example")
