"""The Bot Framework SDK behind the seam: the only module that imports it.

The SDK is archived, so it does two things here: it checks tokens and runs the activity's turn.
What it does wrong is put right around it, not in it: its own request handling answers 500 to
every invoke and to a bearer that is no JWT, its key fetch and token fetch block the event loop,
and its connector knows no targeted messages and opens a connection per message. None of its state
storage is used.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

import aiohttp
import jwt
from aiohttp import web
from botbuilder.core import TurnContext  # type: ignore[import-untyped]
from botbuilder.integration.aiohttp import (  # type: ignore[import-untyped]
    CloudAdapter,
    ConfigurationBotFrameworkAuthentication,
    ConfigurationServiceClientCredentialFactory,
)
from botbuilder.schema import Activity  # type: ignore[import-untyped]
from botframework.connector.auth import (  # type: ignore[import-untyped]
    AuthenticateRequestResult,
    ClaimsIdentity,
    ConnectorFactory,
    JwtTokenExtractor,
)

from bot.adapters.teams import activities
from bot.adapters.teams.connector import Connector
from bot.adapters.teams.keys import KeysUnavailableError, OpenIdKeys
from bot.adapters.teams.seam import Member, OnEvent, Out, Ref
from bot.adapters.teams.settings import TeamsSettings

log = logging.getLogger("ballotage.teams")

BODY_LIMIT = 1024 * 1024
PATH = "/api/messages"
SECONDS = 10.0
"""Longest a call to Teams or to its key server may take."""


class BotbuilderPort:
    """A TeamsPort over botbuilder.

    `token` gives the bearer for what we send; without one the SDK's credentials fetch it. Without
    an app id nothing is checked and only this machine may knock: for the Agents Playground.
    """

    def __init__(
        self,
        settings: TeamsSettings,
        *,
        token: Callable[[], Awaitable[str]] | None = None,
    ) -> None:
        self._settings = settings
        self._session: aiohttp.ClientSession | None = None
        self._keys = OpenIdKeys(settings.openid_url, self._http)
        # The SDK looks keys up here by address; its own entry would fetch them with `requests`,
        # and so stop the event loop for as long as the key server likes.
        JwtTokenExtractor.metadataCache[settings.openid_url] = self._keys
        configuration = _configuration(settings)
        self._authentication = _Authentication(configuration)
        self._adapter = CloudAdapter(self._authentication)
        credentials = None
        if settings.app_id and token is None:
            credentials = ConfigurationServiceClientCredentialFactory(configuration)
        self._connector = Connector(self._http, token or _fetcher(credentials, settings))

    def routes(self, on_event: OnEvent) -> list[web.RouteDef]:
        """Return the door; see TeamsPort."""

        async def receive(request: web.Request) -> web.Response:
            return await self._receive(request, on_event)

        return [web.post(PATH, receive)]

    async def send(self, ref: Ref, out: Out) -> str:
        """Send an activity and return its id. SendError."""
        return await self._connector.send(ref, out)

    async def update(self, ref: Ref, activity_id: str, out: Out) -> None:
        """Replace a message. SendError."""
        await self._connector.update(ref, activity_id, out)

    async def member(self, ref: Ref, user_id: str) -> Member:
        """Return one member. SendError."""
        return await self._connector.member(ref, user_id)

    async def members(self, ref: Ref) -> Iterable[Member]:
        """Return all members. SendError."""
        return await self._connector.members(ref)

    async def close(self) -> None:
        """Close connections."""
        if JwtTokenExtractor.metadataCache.get(self._settings.openid_url) is self._keys:
            del JwtTokenExtractor.metadataCache[self._settings.openid_url]
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _http(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=SECONDS), trust_env=True
            )
        return self._session

    async def _receive(self, request: web.Request, on_event: OnEvent) -> web.Response:
        open_door = not self._settings.app_id
        header = request.headers.get("Authorization")
        if open_door:
            header = None  # nothing here could check it
            if not activities.from_this_machine(request):
                return _error(403, "This door answers on this computer only")
        elif not _looks_right(header, self._settings.issuer):
            return _error(401, "Unauthorized")
        if (request.content_length or 0) > BODY_LIMIT:
            return _error(413, "Request Entity Too Large")
        if request.content_type != "application/json":
            return _error(415, "Unsupported Media Type")
        try:
            body = activities.parse(await request.read())
            activity = Activity().deserialize(body)
        except web.HTTPException:
            raise
        except Exception as error:  # noqa: BLE001 (the SDK's reader fails in many ways on a wrong body)
            log.info("teams.malformed error=%s", type(error).__name__)
            return _error(400, "Bad Request")
        if open_door and not activities.is_loopback(body["serviceUrl"]):
            return _error(403, "This door answers this computer only")
        try:
            known = await self._authentication.authenticate_request(activity, header)
        except KeysUnavailableError as error:
            log.warning("teams.keys_unavailable error=%s", error)
            return _error(503, "Service Unavailable")
        except Exception as error:  # noqa: BLE001 (whatever is wrong with a token, the answer is 401)
            log.info("teams.refused error=%s", type(error).__name__)
            return _error(401, "Unauthorized")
        return await self._turn(body, activity, known, on_event)

    async def _turn(
        self,
        body: Mapping[str, Any],
        activity: Activity,
        known: AuthenticateRequestResult,
        on_event: OnEvent,
    ) -> web.Response:
        verified = bool(self._settings.app_id)
        channels = activities.CHANNELS if verified else activities.OPEN_CHANNELS
        event = activities.to_event(body, channels)
        outs: list[Out | None] = []

        async def logic(_context: TurnContext) -> None:
            outs.append(await on_event(event))

        # Ours sends, so the turn needs no connector of the SDK, each of which builds its own.
        known.connector_factory = _NoConnectors()
        await self._adapter.process_activity(known, activity, logic)
        if activity.type != "invoke":
            return web.Response(status=202)
        out = outs[0] if outs else None
        return web.json_response(dict(out.invoke_body) if out and out.invoke_body else {})


class _Authentication(ConfigurationBotFrameworkAuthentication):  # type: ignore[misc]
    """The SDK's checks without its client for sign-in cards, which would fetch a token a turn."""

    async def create_user_token_client(self, claims_identity: ClaimsIdentity) -> None:
        return None


class _NoConnectors(ConnectorFactory):  # type: ignore[misc]
    """Stands where the turn wants a connector that nobody will use."""

    async def create(self, service_url: str, audience: str = "") -> object:
        return self


class _Configuration:
    """The SDK's settings; the names are its own."""

    APP_ID: str
    APP_PASSWORD: str
    APP_TENANTID: str
    APP_TYPE: str
    TO_BOT_FROM_CHANNEL_OPENID_METADATA_URL: str
    TO_BOT_FROM_CHANNEL_TOKEN_ISSUER: str
    TO_CHANNEL_FROM_BOT_LOGIN_URL: str
    TO_CHANNEL_FROM_BOT_OAUTH_SCOPE: str
    OAUTH_URL: str
    VALIDATE_AUTHORITY = True


def _configuration(settings: TeamsSettings) -> _Configuration:
    out = _Configuration()
    out.APP_ID = settings.app_id
    out.APP_PASSWORD = settings.app_password.get_secret_value()
    out.APP_TENANTID = settings.tenant_id
    # A bot that has no password yet can still check who knocks; sending will tell it is missing.
    known = settings.app_type.lower() == "userassignedmsi" or bool(out.APP_PASSWORD)
    complete = known and bool(settings.tenant_id)
    out.APP_TYPE = settings.app_type if complete else "MultiTenant"
    out.TO_BOT_FROM_CHANNEL_OPENID_METADATA_URL = settings.openid_url
    out.TO_BOT_FROM_CHANNEL_TOKEN_ISSUER = settings.issuer
    out.TO_CHANNEL_FROM_BOT_LOGIN_URL = settings.login_url
    out.TO_CHANNEL_FROM_BOT_OAUTH_SCOPE = settings.issuer
    out.OAUTH_URL = settings.issuer
    return out


def _fetcher(
    factory: ConfigurationServiceClientCredentialFactory | None, settings: TeamsSettings
) -> Callable[[], Awaitable[str]] | None:
    """How to get our own token; None where none is wanted."""
    if factory is None:
        return None
    held: list[Any] = []

    async def fetch() -> str:
        import asyncio

        if not held:  # kept, since the credentials hold the cache of tokens
            held.append(
                await factory.create_credentials(
                    settings.app_id, settings.issuer, settings.login_url, True
                )
            )
        return str(await asyncio.to_thread(held[0].get_access_token))

    return fetch


def _looks_right(header: str | None, issuer: str) -> bool:
    """Whether a header is worth the SDK's time; it fails with 500 on what is no JWT.

    Only Teams' own issuer passes: the SDK would also take tokens of its emulator and of skills,
    for which the address to answer is not checked.
    """
    scheme, _, token = (header or "").partition(" ")
    if scheme != "Bearer" or not token or " " in token:
        return False
    try:
        head = jwt.get_unverified_header(token)
        claims = jwt.decode(token, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, RecursionError):
        return False
    return (
        head.get("alg") in {"RS256", "RS384", "RS512"}
        and isinstance(head.get("kid"), str)
        and claims.get("iss") == issuer
        and isinstance(claims.get("exp"), int | float)
    )


def _error(status: int, reason: str) -> web.Response:
    return web.Response(
        status=status,
        text=json.dumps({"error": reason, "status": status}),
        content_type="application/json",
    )
