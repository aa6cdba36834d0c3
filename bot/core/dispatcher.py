"""The Dispatcher: every request of every surface passes here once, and always gets a Reply."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import replace

from analytics.errors import DataError, NoDataError
from analytics.period import LAST_YEAR, THIS_YEAR
from bot.core.audit import AuditEvent, AuditSink, argument_shape
from bot.core.command import Accepts, Arguments, Command
from bot.core.parser import suggestions
from bot.core.policy import Decision, Policy
from bot.core.reply import (
    Actions,
    Button,
    Context,
    Element,
    Outcome,
    Reply,
    Section,
    Tone,
    Visibility,
)
from bot.core.request import Place, Request
from bot.core.router import Understood, understand
from bot.core.services import Services
from bot.errors import RefusedError, UserError
from bot.i18n import N_, Localizer

log = logging.getLogger("ballotage.dispatcher")

Observer = Callable[[str, str, float], None]
"""Called with command, outcome and seconds after every request."""


class Dispatcher:
    """Parse, decide, run within the deadline, audit."""

    def __init__(
        self,
        services: Services,
        policy: Policy,
        audit: AuditSink | None = None,
        observe: Observer | None = None,
    ) -> None:
        self.services = services
        self.policy = policy
        self.audit = audit
        self._observe = observe

    async def answer(self, request: Request) -> Reply:
        """Answer a request; whatever goes wrong comes back as a Reply that says what to do."""
        started = time.perf_counter()
        command: Command | None = None
        args = Arguments()
        reason = ""
        try:
            self.policy.check_place(request)
            if request.text.lstrip().startswith("/"):
                # Named outright: reading it costs less than the way to another thread and back.
                understood = self._understand(request)
            else:
                understood = await self.services.run(self._understand, request)
            command, args = understood.command, understood.args
            decision = self.policy.decide(request, command, args)
            reply = await self._run(request, command, args, decision)
            if understood.line:
                reply = self._told(request, reply, understood)
        except RefusedError as error:
            reason = error.message
            reply = self._problem(request, error, Outcome.REFUSED, command)
        except (UserError, DataError) as error:
            reply = self._problem(request, error, Outcome.WRONG_REQUEST, command)
        except TimeoutError:
            late = UserError(
                N_(
                    "This took longer than {seconds} seconds. Ask for a shorter period or try again."
                ),
                seconds=f"{self.services.settings.deadline_seconds:g}",
            )
            reply = self._problem(request, late, Outcome.FAILED, command)
        except Exception:
            error_id = secrets.token_hex(4)
            log.exception("request.failed id=%s command=%s", error_id, command and command.name)
            broken = UserError(
                N_("Something went wrong on our side (error {id}). Try again, or tell your admin."),
                id=error_id,
            )
            reply = self._problem(request, broken, Outcome.FAILED, command)
        seconds = time.perf_counter() - started
        await self._record(request, command, args, reply, reason, seconds)
        return reply

    def _understand(self, request: Request) -> Understood:
        return understand(
            request.text, self.services.registry, lambda text: self._client_in(request, text)
        )

    def _client_in(self, request: Request, text: str) -> str | None:
        """The id of the one client a text names, for who may know that it is one."""
        from analytics.names import mentioned

        if not request.principal.roles:
            return None
        try:
            snapshot = self.services.snapshots.current()
        except NoDataError:
            return None
        found = mentioned(snapshot, text)
        return snapshot.customer_id(found[0]) if len(found) == 1 else None

    def _told(self, request: Request, reply: Reply, understood: Understood) -> Reply:
        """The reply, with the command the question was read as."""
        _ = self.services.localizer(request)
        rest = understood.line.partition(" ")[2]
        years = {THIS_YEAR: _("this year"), LAST_YEAR: _("last year")}
        words = [years.get(word, word) for word in rest.split()]
        line = " ".join([understood.command.invocation(request.locale), *words])
        said = Context(_("I read your question as: {line}", line=line))
        return replace(reply, elements=(*reply.elements, said))

    async def _run(
        self, request: Request, command: Command, args: Arguments, decision: Decision
    ) -> Reply:
        """Run a command within the deadline, or take its answer as this Snapshot gave it before.

        Who may have it was decided already, anew for every request.
        """
        services = self.services
        key: object = None
        if command.steady:
            today, detail = services.today(request), services.figures(request).detail
            share = request.text if decision.may_share else ""
            asked = (command.name, args, request.locale, request.as_of, today, detail)
            key = ("reply", *asked, decision.visibility, share)
            snapshot = await services.snapshot()
            if isinstance(known := snapshot.recall(key), Reply):
                return known
        async with asyncio.timeout(services.settings.deadline_seconds):
            reply = await command.run(request, args, services)
        reply = self._finish(reply, request, command, decision)
        if command.steady:
            snapshot.remember(key, reply)
        return reply

    def _finish(
        self, reply: Reply, request: Request, command: Command, decision: Decision
    ) -> Reply:
        elements = reply.elements
        if decision.may_share:
            _ = self.services.localizer(request)
            share = Button(_("Share in channel"), request.text, share=True)
            elements = _with_button(elements, share)
        return replace(
            reply,
            elements=elements,
            command=command.name,
            locale=request.locale,
            visibility=decision.visibility,
        )

    def _problem(
        self,
        request: Request,
        error: UserError | DataError,
        outcome: Outcome,
        command: Command | None,
    ) -> Reply:
        _ = Localizer(request.locale)
        line = _.error(error)
        elements: list[Element] = [Section(line, Tone.WARNING)]
        if outcome is Outcome.WRONG_REQUEST and command is None:
            registry = self.services.registry
            names = suggestions(request.text, registry) or ["topclients", "sources"]
            found = [c for n in names if (c := registry.find(n))]
            buttons = [
                Button(c.invocation(request.locale), c.invocation(request.locale))
                for c in dict.fromkeys(found)
            ]
            elements.append(Actions((*buttons, Button(_("Help"), "/ballotage help"))))
        direct = request.conversation.place is Place.DM
        return Reply(
            elements=tuple(elements),
            data={"error": line},
            command=command.name if command else "",
            locale=request.locale,
            visibility=Visibility.DIRECT if direct else Visibility.EPHEMERAL,
            outcome=outcome,
        )

    async def _record(
        self,
        request: Request,
        command: Command | None,
        args: Arguments,
        reply: Reply,
        reason: str,
        seconds: float,
    ) -> None:
        name = command.name if command else "unknown"
        if self._observe:
            self._observe(name, reply.outcome.name.lower(), seconds)
        if self.audit is None or (command and not command.is_recorded(args)):
            return
        given: dict[str, object] = {"name": args.text, **dict.fromkeys(args.flags, "yes")}
        if command and Accepts.PERIOD in command.accepts:
            given |= {"period": args.period}
        if command and Accepts.COUNT in command.accepts:
            given |= {"n": args.count}
        if request.as_of:
            given |= {"as_of": request.as_of.isoformat()}
        event = AuditEvent(
            tenant=request.principal.tenant,
            user=request.principal.user,
            roles=request.principal.roles,
            surface=request.surface,
            place=request.conversation.place,
            conversation=request.conversation.id,
            command=name,
            visibility=reply.visibility,
            decision="refused" if reply.outcome is Outcome.REFUSED else "allowed",
            outcome=reply.outcome,
            reason=reason,
            arguments=argument_shape(given | {key: "given" for key, _ in args.facts}),
            milliseconds=round(seconds * 1000),
            snapshot_version=self.services.snapshot_version(),
            at=self.services.clock(),
        )
        if self.audit.waits:
            await self.services.run(self.audit.record, event)
        else:
            self.audit.record(event)


def _with_button(elements: tuple[Element, ...], button: Button) -> tuple[Element, ...]:
    for position, element in enumerate(elements):
        if isinstance(element, Actions):
            grown = Actions((*element.buttons, button))
            return (*elements[:position], grown, *elements[position + 1 :])
    return (*elements, Actions((button,)))
