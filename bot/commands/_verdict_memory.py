"""What is remembered of a verdict: the verdict itself, what was told, and whether it was right."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

from bot.commands._qualify_facts import WHY, told_text
from bot.core.memory import KeptVerdict
from bot.core.reply import Form, Input, Reply, Section, Tone
from bot.core.request import Request
from bot.core.services import Services
from bot.errors import UserError

if TYPE_CHECKING:
    from analytics.matching import Match
    from analytics.qualify import Assessment


async def feedback(
    request: Request, services: Services, said: re.Match[str], why: str | None
) -> Reply:
    """Note that a verdict was right or wrong, and ask why."""
    _ = services.localizer(request)
    right, number = said[1].lower() in {"right", "klopt"}, int(said[2])
    verdict = "right" if right else "wrong"
    principal = request.principal
    noted = await services.run(
        services.verdicts.judge, principal.tenant, number, verdict, why or "", principal.user
    )
    if not noted:
        raise UserError("There is no verdict {number}; qualify the prospect anew.", number=number)
    data = {"verdict_id": number, "feedback": verdict}
    if right:
        return Reply((Section(_("Noted: this verdict was right."), Tone.HEADLINE),), data)
    if why:
        text = _("Noted, with your reason. It counts in /qualify stats.")
        return Reply((Section(text, Tone.HEADLINE),), data)
    question = Input(WHY, _("What does it overlook?"), required=True)
    asked = Form(f"/qualify wrong #{number}", _("Send"), (question,))
    return Reply((Section(_("Noted: this verdict was wrong."), Tone.HEADLINE), asked), data)


def keep(
    request: Request,
    services: Services,
    found: Assessment,
    facts: dict[str, object],
    match: Match,
    remember: bool,
) -> int:
    """Keep a verdict; its id, 0 where nothing is kept."""
    prospect, snapshot = found.prospect, services.snapshots.current()
    # Facts typed about somebody the data knows only try what would be, unless they are remembered.
    trial = bool(facts) and not remember and match.found is not None
    kept = {n: told_text(v) for n, v in facts.items()} if remember else {}
    verdict = KeptVerdict(
        at=services.clock(),
        asked_by=request.principal.user,
        subject=prospect.subject[:200],
        prospect=prospect.name[:200],
        verdict=found.judgement.verdict.value,
        score=found.judgement.score,
        facts={n: _plain(v) for n, v in found.judgement.facts.items() if v is not None},
        given=kept,
        deal_id="" if trial else prospect.deal_id(snapshot),
        customer_id=snapshot.customer_id(prospect.customer) if prospect.customer >= 0 else "",
        conditions_version=found.conditions.version,
        snapshot_version=services.snapshot_version(),
        probability=found.win,
    )
    return services.verdicts.keep(request.principal.tenant, verdict)


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, dt.date) else value
