"""Socket Mode: we call Slack, for installations that it cannot reach."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from slack_sdk.web.async_client import AsyncWebClient

from bot.adapters.slack.logs import redacting_logger
from bot.adapters.slack.settings import SlackSettings

if TYPE_CHECKING:
    from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
    from slack_bolt.async_app import AsyncApp

log = logging.getLogger("ballotage.slack")

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0


class Socket:
    """One connection to Slack, kept up by the SDK once it stands."""

    def __init__(self, app: AsyncApp, settings: SlackSettings) -> None:
        self._app = app
        self._settings = settings
        self._handler: AsyncSocketModeHandler | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to connect, for as long as it takes."""
        self._task = asyncio.create_task(self._connect())

    async def stop(self) -> None:
        """Close the connection."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._handler is not None:
            await self._handler.client.close()  # type: ignore[no-untyped-call]

    async def _connect(self) -> None:
        from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler

        logger = redacting_logger()
        self._handler = AsyncSocketModeHandler(
            self._app,
            self._settings.app_token.get_secret_value(),
            logger=logger,
            web_client=AsyncWebClient(base_url=self._settings.api_url, logger=logger),
        )
        pause = FIRST_PAUSE
        while True:
            try:
                await self._handler.client.connect()  # type: ignore[no-untyped-call]
            except Exception as error:  # noqa: BLE001 (whatever it is, the next try may do)
                log.warning("slack.socket_failed error=%s", type(error).__name__)
                await asyncio.sleep(pause)
                pause = min(LONGEST_PAUSE, 2 * pause)
            else:
                log.info("slack.socket_connected")
                return
