"""Whether the doors to Slack and Teams are set up, told without ever printing a secret.

What can be seen from the settings is; only where asked for, Slack and Microsoft are asked too.
"""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from bot.i18n import N_, Localizer

if TYPE_CHECKING:
    from bot.adapters.slack.settings import SlackSettings
    from bot.adapters.teams.settings import TeamsSettings

SECONDS = 4.0
"""Longest one question to Slack or Microsoft may take."""
ANSWER_BYTES = 1 << 20
_BOT_TOKEN = re.compile(r"xoxb-[\w-]{8,}")
_APP_TOKEN = re.compile(r"xapp-[\w-]{8,}")
_SIGNING_SECRET = re.compile(r"[0-9a-f]{32}")
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_WORD = re.compile(r"[\w.-]{1,60}")

Status = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one door: its state, and what to do about it."""

    status: Status
    detail: str
    fix: str = ""


class UnreachableError(Exception):
    """No answer; the message is the kind of failure."""


def slack(settings: SlackSettings, _: Localizer, *, online: bool = False) -> Finding:
    """Examine Slack's settings; `online` also asks Slack about the tokens."""
    bot, app = settings.bot_token.get_secret_value(), settings.app_token.get_secret_value()
    secret = settings.signing_secret.get_secret_value()
    if not (bot or app or secret):
        return Finding("ok", _(N_("not set up; see {guide}"), guide="docs/connect-slack.md"))
    wrong = _slack_shapes(bot, app, secret, _)
    if wrong is not None:
        return wrong
    way = _(N_("Socket Mode")) if app else _(N_("HTTP at {path}"), path="/slack/events")
    detail = [way, _(N_("the tokens have the right shape"))]
    if not online:
        detail.append(_(N_("not asked whether Slack takes them (--online does)")))
        return Finding("ok", "; ".join(detail), "")
    try:
        found = _ask_slack(settings, _)
    except UnreachableError as error:
        return Finding(
            "warn",
            "; ".join([*detail, _(N_("Slack was not reached: {reason}"), reason=error)]),
            _(N_("Check that this machine may call {address}"), address=_host(settings.api_url)),
        )
    return Finding(found.status, "; ".join([way, found.detail]), found.fix)


def _slack_shapes(bot: str, app: str, secret: str, _: Localizer) -> Finding | None:
    if not bot:
        return Finding(
            "fail",
            _(N_("{name} is not set, so nothing can be answered"), name="SLACK_BOT_TOKEN"),
            _(N_("Set it to the Bot User OAuth Token (xoxb-...) of the page Install App")),
        )
    if not _BOT_TOKEN.fullmatch(bot):
        return Finding(
            "fail",
            _(N_("{name} does not start with {start}"), name="SLACK_BOT_TOKEN", start="xoxb-"),
            _(N_("Set it to the Bot User OAuth Token (xoxb-...) of the page Install App")),
        )
    if app and not _APP_TOKEN.fullmatch(app):
        return Finding(
            "fail",
            _(N_("{name} does not start with {start}"), name="SLACK_APP_TOKEN", start="xapp-"),
            _(N_("Make an App-Level Token with connections:write on the page Basic Information")),
        )
    if not (app or secret):
        return Finding(
            "fail",
            _(N_("neither SLACK_SIGNING_SECRET nor SLACK_APP_TOKEN is set: the door stays shut")),
            _(N_("Set the first for HTTP, the second for Socket Mode: docs/connect-slack.md")),
        )
    if secret and not _SIGNING_SECRET.fullmatch(secret):
        return Finding(
            "warn",
            _(N_("SLACK_SIGNING_SECRET is not 32 characters of 0-9 and a-f, as Slack's are")),
            _(N_("Copy the Signing Secret, not the Client Secret, from Basic Information")),
        )
    return None


def _ask_slack(settings: SlackSettings, _: Localizer) -> Finding:
    from bot.manifests.slack import SCOPES

    answer, headers = _call(
        f"{settings.api_url}auth.test", token=settings.bot_token.get_secret_value()
    )
    if answer.get("ok") is not True:
        return _refused("SLACK_BOT_TOKEN", answer, _)
    granted = {each.strip() for each in headers.get("x-oauth-scopes", "").split(",")} - {""}
    absent = sorted(SCOPES.keys() - granted) if granted else []
    workspace = _word(answer.get("team"), answer.get("team_id"))
    detail = _(N_("Slack takes the bot token, for {workspace}"), workspace=workspace)
    if settings.socket_mode:
        token = settings.app_token.get_secret_value()
        opened, _headers = _call(f"{settings.api_url}apps.connections.open", token=token)
        if opened.get("ok") is not True:
            return _refused("SLACK_APP_TOKEN", opened, _)
    if absent:
        return Finding(
            "warn",
            f"{detail}; " + _(N_("scopes missing: {names}"), names=", ".join(absent)),
            _(N_("Add them under OAuth & Permissions, or paste the manifest anew; then reinstall")),
        )
    return Finding("ok", detail)


def _refused(name: str, answer: Mapping[str, Any], _: Localizer) -> Finding:
    code = _word(answer.get("error"), "?")
    return Finding(
        "fail",
        _(N_("Slack refuses {name}: {code}"), name=name, code=code),
        _(N_("Copy the token anew; after a change of scopes install the app again")),
    )


def teams(settings: TeamsSettings, _: Localizer, *, online: bool = False) -> Finding:
    """Examine Teams' settings; `online` also asks Microsoft for the keys and for a token."""
    password = settings.app_password.get_secret_value()
    if not (settings.app_id or password or settings.tenant_id):
        return Finding("ok", _(N_("not set up; see {guide}"), guide="docs/connect-teams.md"))
    wrong = _teams_shapes(settings, password, _)
    if wrong is not None:
        return wrong
    way = _(N_("HTTP at {path}"), path="/api/messages")
    if not online:
        said = _(N_("not asked whether Microsoft takes the password (--online does)"))
        return Finding("ok", f"{way}; {said}")
    try:
        refusal = _ask_microsoft(settings, password)
    except UnreachableError as error:
        return Finding(
            "warn",
            f"{way}; " + _(N_("Microsoft was not reached: {reason}"), reason=error),
            _(
                N_("Check that this machine may call {address}"),
                address=", ".join(map(_host, (settings.openid_url, settings.login_url))),
            ),
        )
    if refusal:
        return Finding(
            "fail",
            _(N_("Microsoft refuses MicrosoftAppPassword: {code}"), code=refusal),
            _(N_("Make a new client secret in Entra, and copy its value at once")),
        )
    return Finding("ok", f"{way}; " + _(N_("Microsoft's keys can be read, the password is taken")))


def _teams_shapes(settings: TeamsSettings, password: str, _: Localizer) -> Finding | None:
    managed = settings.app_type.lower() == "userassignedmsi"
    for name, value, needed in (
        ("MicrosoftAppId", settings.app_id, True),
        ("MicrosoftAppTenantId", settings.tenant_id, False),
    ):
        if (needed or value) and not _GUID.fullmatch(value):
            return Finding(
                "fail",
                _(N_("{name} is not an id like 01234567-89ab-cdef-0123-456789abcdef"), name=name),
                _(N_("Copy it from the bot's Configuration page in Azure")),
            )
    if settings.app_type.lower() not in {"singletenant", "multitenant", "userassignedmsi"}:
        return Finding(
            "fail",
            _(N_("{name} is not a type of bot"), name="MicrosoftAppType"),
            _(N_("Set it to SingleTenant, MultiTenant or UserAssignedMSI")),
        )
    if not password and not managed:
        return Finding(
            "fail",
            _(N_("{name} is not set, so nothing can be answered"), name="MicrosoftAppPassword"),
            _(N_("Make a new client secret in Entra, and copy its value at once")),
        )
    if _GUID.fullmatch(password):
        return Finding(
            "fail",
            _(N_("MicrosoftAppPassword looks like the id of a client secret, not its value")),
            _(N_("Make a new client secret in Entra, and copy its value at once")),
        )
    if not settings.tenant_id:
        return Finding(
            "warn",
            _(N_("MicrosoftAppTenantId is not set: people of every organisation may knock")),
            _(N_("Set it, unless the app is really meant for several organisations")),
        )
    return None


def _ask_microsoft(settings: TeamsSettings, password: str) -> str:
    """What Microsoft says against the password; empty where it takes it."""
    keys, _headers = _call(settings.openid_url)
    if not keys.get("jwks_uri"):
        raise UnreachableError("no keys")
    if not password:  # a managed identity: only inside Azure can it be tried
        return ""
    form = {
        "grant_type": "client_credentials", "client_id": settings.app_id,
        "client_secret": password, "scope": f"{settings.issuer}/.default",
    }  # fmt: skip
    tenant = settings.tenant_id or "botframework.com"
    answer, _headers = _call(
        f"{settings.login_url.rstrip('/')}/{tenant}/oauth2/v2.0/token", form=form
    )
    if answer.get("access_token"):
        return ""
    codes = answer.get("error_codes")
    first = f"AADSTS{codes[0]}" if isinstance(codes, list) and codes else answer.get("error")
    return _word(first, "?")


def _call(
    url: str, *, token: str = "", form: Mapping[str, str] | None = None
) -> tuple[dict[str, Any], dict[str, str]]:
    """POST (GET without a token or form); the JSON and the headers. UnreachableError."""
    data = None
    if token or form is not None:
        data = urllib.parse.urlencode(form or {}).encode()
    if urllib.parse.urlsplit(url).scheme not in {"http", "https"}:
        raise UnreachableError("no http address")
    request = urllib.request.Request(url, data)  # noqa: S310 (checked above)
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with _opener().open(request, timeout=SECONDS) as answer:
            raw, headers = answer.read(ANSWER_BYTES), answer.headers
    except urllib.error.HTTPError as error:
        with error:
            raw, headers = error.read(ANSWER_BYTES), error.headers
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise UnreachableError(type(reason).__name__) from None
    try:
        content = json.loads(raw)
    except (ValueError, RecursionError):
        raise UnreachableError("no JSON") from None
    kept = {name.lower(): str(value) for name, value in headers.items()}
    return (content if isinstance(content, dict) else {}), kept


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect would take the token along to another address."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def _opener() -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(_NoRedirects)


def _host(url: str) -> str:
    return urllib.parse.urlsplit(url).hostname or url


def _word(*values: object) -> str:
    """The first of some values that is a short word or name, so that no answer can print more."""
    texts: Iterable[str] = (str(value) for value in values if isinstance(value, str) and value)
    return next((m[0] for text in texts if (m := _WORD.search(text))), "?")
