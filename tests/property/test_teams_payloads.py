"""Five hundred mutated activities: whatever comes in, never a 500 and never a stack trace."""

from __future__ import annotations

import asyncio
import copy
import json
import logging
import random
from typing import Any

import pytest

from bot.application import Application
from tests.contract.teams_world import BOT, STRANGER, World, world

COUNT = 500
ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1e308, 10**30, "", " ", "\x00", "\ud800", "x" * 20_000, [], {}, [[]],
    [None], [{}], {"id": None}, {"id": []}, "<at>", "</at><at>", "&#xffffffff;", "../../x", "{{x}}",
    "2026-99-99T00:00:00Z", "\u202e/topklanten", "/client " + "é" * 5_000, {"t": {"t": "/pareto"}},
)  # fmt: skip


def seeds(teams: World) -> list[dict[str, Any]]:
    """One activity of each kind that Teams sends."""
    said = "<at>Ballotage</at>"
    action = {"type": "Action.Execute", "verb": "ballotage", "data": {"t": "/pareto", "s": True}}
    entity = {"type": "mention", "text": said, "mentioned": {"id": BOT, "name": "Ballotage"}}
    return [
        teams.activity(STRANGER, text="help"),
        teams.activity(STRANGER, text=f"{said} /topklanten 5", group="19:g", entities=[entity]),
        teams.activity(STRANGER, value={"t": "/client x", "s": True, "c": "19:g", "i.a": 1}),
        teams.activity(
            STRANGER, kind="invoke", name="adaptiveCard/action", value={"action": action}
        ),
        teams.activity(STRANGER, kind="invoke", name="fileConsent/invoke", value={"context": {}}),
        teams.activity(STRANGER, kind="installationUpdate", action="add"),
        teams.activity(STRANGER, kind="conversationUpdate", membersAdded=[{"id": BOT}]),
        teams.activity(STRANGER, kind="messageReaction", reactionsAdded=[{"type": "like"}]),
    ]


def paths(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [here] if here else []
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for name, each in inner:
        if isinstance(each, dict | list):
            found += paths(each, (*here, name))
        else:
            found.append((*here, name))
    return found


def mutated(activity: dict[str, Any], chance: random.Random) -> bytes:
    """The activity with one to three things wrong, now and then cut or garbled as bytes."""
    out = copy.deepcopy(activity)
    for _ in range(chance.randint(1, 3)):
        where = chance.choice(paths(out) or [("type",)])
        parent: Any = out
        for name in where[:-1]:
            parent = parent[name]
        if chance.random() < 0.25 and isinstance(parent, dict):
            parent.pop(where[-1], None)
        else:
            parent[where[-1]] = copy.deepcopy(chance.choice(ODD))
    raw = bytearray(json.dumps(out).encode())
    if chance.random() < 0.1:
        del raw[chance.randrange(len(raw)) :]
    elif chance.random() < 0.1:
        raw[chance.randrange(len(raw))] = chance.randrange(256)
    return bytes(raw)


@pytest.mark.parametrize("verified", [True, False], ids=["signed", "demo"])
async def test_mutated_activities_never_break_the_door(
    demo_application: Application, verified: bool, caplog: pytest.LogCaptureFixture
) -> None:
    chance = random.Random(20261124)
    settings = {} if verified else {"MicrosoftAppId": "", "MicrosoftAppTenantId": ""}
    statuses: list[int] = []
    async with world(demo_application, **settings) as teams:
        kinds = seeds(teams)
        token = teams.microsoft.token()
        teams.microsoft.rosters["19:g"] = [f"29:{STRANGER}"]

        async def knock(raw: bytes) -> None:
            status, _ = await teams.post(None, raw=raw, token=token)
            statuses.append(status)

        for _ in range(COUNT // 20):
            bodies = [mutated(chance.choice(kinds), chance) for _ in range(20)]
            async with asyncio.timeout(60):
                await asyncio.gather(*map(knock, bodies))
        # Still there, and still right.
        good = teams.activity("late@elsewhere.example", text="help", id="after-all-that")
        assert (await teams.post(good))[0] == 202
    assert len(statuses) == COUNT
    assert {status for status in statuses if status >= 500} == set()
    assert {202, 400} <= set(statuses)
    assert [r for r in caplog.records if r.levelno >= logging.ERROR] == []
