"""Today's port held to the contract. A successor's test is this file with another `make`."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from bot.adapters.teams.sdk import BotbuilderPort
from bot.adapters.teams.seam import TeamsPort
from bot.adapters.teams.settings import TeamsSettings
from tests.contract.teams_port_contract import CONTRACT, Rig, rig
from tests.contract.teams_world import made_up_token


def make(settings: TeamsSettings) -> TeamsPort:
    return BotbuilderPort(settings, token=made_up_token)


@pytest.mark.parametrize("promise", CONTRACT, ids=lambda promise: promise.__name__)
async def test_botbuilder_keeps_the_contract(promise: Callable[[Rig], Awaitable[None]]) -> None:
    async with rig(make) as found:
        await promise(found)


def test_one_module_alone_knows_the_sdk() -> None:
    root = Path(__file__).parents[2] / "bot"
    users = [
        file.relative_to(root).as_posix()
        for file in root.rglob("*.py")
        if re.search(
            r"^\s*(?:from|import) (?:botbuilder|botframework|msrest)\b", file.read_text(), re.M
        )
    ]
    assert users == ["adapters/teams/sdk.py"]
