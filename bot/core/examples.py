"""Examples that work on the asker's own data: placeholders become real clients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analytics.errors import NoDataError

if TYPE_CHECKING:
    from bot.core.command import Command
    from bot.core.request import Request
    from bot.core.services import Services


def examples_of(command: Command, services: Services, request: Request) -> list[str]:
    """The command's examples in the asker's language first, filled in.

    An example that needs a client is left out where there is no data yet, or where the asker may
    not know who the clients are.
    """
    may = request.principal.roles & command.permission.roles
    values = {"client": _largest_client(services, request) if may else ""}
    own = [e for e in command.examples if _is_dutch(command, e) == (request.locale == "nl")]
    other = [e for e in command.examples if e not in own]
    out = []
    for example in (*own, *other):
        if "{client}" in example and not values["client"]:
            continue
        out.append(example.format(**values))
    return out


def _is_dutch(command: Command, example: str) -> bool:
    words = example.lstrip("/").split()
    name = words[1] if command.under_ballotage and len(words) > 1 else words[0]
    return bool(command.dutch) and name == command.dutch


def _largest_client(services: Services, request: Request) -> str:
    from analytics.pareto import top_clients
    from analytics.scope import Scope

    try:
        snapshot = services.snapshots.current()
        scope = Scope.of(snapshot, today=services.today(request))
        order = top_clients(scope).order
    except NoDataError:
        return ""
    return snapshot.name(int(order[0])) if len(order) else ""
