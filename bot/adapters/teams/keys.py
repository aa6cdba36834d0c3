"""The keys that Teams signs its tokens with, fetched without stopping the event loop."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from jwt.algorithms import RSAAlgorithm

FRESH_SECONDS = 24 * 3600.0
AGAIN_SECONDS = 300.0
"""An unknown key id asks for the keys anew at most this often, or strangers could have us ask."""


class KeysUnavailableError(Exception):
    """The keys could not be had, and none are known: nobody can be let in or turned away."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key, and the channels it may speak for."""

    public_key: Any
    endorsements: list[str] = field(default_factory=list)


class OpenIdKeys:
    """Keys of an OpenID server by their id; `get` is what the SDK calls."""

    def __init__(
        self,
        url: str,
        session: Callable[[], aiohttp.ClientSession],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._session = session
        self._now = now
        self._keys: dict[str, SigningKey] = {}
        self._read_at: float | None = None
        self._tried_at: float | None = None
        self._lock = asyncio.Lock()

    async def get(self, key_id: str | None) -> SigningKey | None:
        """Return the key of that id, None where there is none. KeysUnavailableError."""
        if not key_id:
            return None
        if (key := self._known(key_id)) is not None:
            return key
        async with self._lock:
            if (key := self._known(key_id)) is not None:
                return key
            if self._tried_at is not None and self._read_at is not None:
                fresh = self._now() - self._read_at < FRESH_SECONDS
                if fresh and self._now() - self._tried_at < AGAIN_SECONDS:
                    return None
            await self._read()
        return self._keys.get(key_id)

    def _known(self, key_id: str) -> SigningKey | None:
        if self._read_at is None or self._now() - self._read_at >= FRESH_SECONDS:
            return None
        return self._keys.get(key_id)

    async def _read(self) -> None:
        self._tried_at = self._now()
        try:
            described = await self._json(self._url)
            listed = await self._json(str(described["jwks_uri"]))
            keys = {
                str(each["kid"]): SigningKey(
                    RSAAlgorithm.from_jwk(json.dumps(each)), list(each.get("endorsements") or [])
                )
                for each in listed["keys"]
                if each.get("kty", "RSA") == "RSA" and "kid" in each
            }
        except (aiohttp.ClientError, TimeoutError, ValueError, KeyError, TypeError) as error:
            if self._keys:  # old keys are better than none: Teams changes them with an overlap
                return
            raise KeysUnavailableError(type(error).__name__) from error
        self._keys, self._read_at = keys, self._now()

    async def _json(self, url: str) -> Any:
        async with self._session().get(url) as response:
            response.raise_for_status()
            return await response.json(content_type=None)
