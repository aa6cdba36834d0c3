"""The weekly key of the pulse: it makes vote tokens, seals scores, and is destroyed at the close.

It stands in a file of its own beside the database, so that neither the database, its log nor a
copy of it says who answered or what. Once the file is gone, nothing can read them any more.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from filelock import FileLock

from bot.errors import UserError
from bot.i18n import N_

FOLDER = "pulse-keys"
LENGTH = 32
_SUFFIX = ".key"


class WeekKey:
    """The key of one week; what is made with it is of no use with another."""

    def __init__(self, secret: bytes) -> None:
        self._vote = _derived(secret, b"vote")
        self._seal = _derived(secret, b"seal")
        self.fingerprint = _derived(secret, b"fingerprint").hex()

    def token(self, user: str) -> str:
        """The vote token of a person (HMAC-SHA256, hex): the same person, the same token."""
        name = user.strip().casefold().encode()
        return hmac.new(self._vote, name, hashlib.sha256).hexdigest()

    def seal(self, score: int) -> str:
        """Encrypt a score (AES-256-GCM, hex); twice the same score gives two different texts."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = secrets.token_bytes(12)
        return (nonce + AESGCM(self._seal).encrypt(nonce, bytes([score]), None)).hex()

    def opened(self, sealed: str) -> int:
        """Decrypt a score. InvalidTag where it was sealed with another key."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        raw = bytes.fromhex(sealed)
        return AESGCM(self._seal).decrypt(raw[:12], raw[12:], None)[0]


class WeekKeys:
    """The key files of one tenant, readable by their owner only."""

    def __init__(self, home: Path, tenant: str) -> None:
        self._folder = home / FOLDER
        # A hash: a tenant's name may hold what no file name can.
        self._prefix = hashlib.sha256(tenant.encode()).hexdigest()[:16] + "-"

    def of(self, week: str) -> WeekKey | None:
        """Return the key of a week; None where there is none, or no more."""
        try:
            secret = self._path(week).read_bytes()
        except FileNotFoundError:
            return None
        return WeekKey(secret) if len(secret) == LENGTH else None

    def made(self, week: str) -> WeekKey:
        """Return the key of a week, made at first use. UserError: it cannot be written."""
        if (held := self.of(week)) is not None:
            return held
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with FileLock(self._folder / ".lock", timeout=30):
                if (held := self.of(week)) is not None:  # another process made it meanwhile
                    return held
                return WeekKey(self._write(week))
        except OSError as error:
            raise UserError(
                N_("The folder {folder} cannot be written: {reason}. Choose another with --home."),
                folder=self._folder,
                reason=error.strerror or error,
            ) from error

    def weeks(self) -> list[str]:
        """The weeks whose key stands there, oldest first."""
        found = self._folder.glob(f"{self._prefix}*{_SUFFIX}")
        return sorted(path.name[len(self._prefix) : -len(_SUFFIX)] for path in found)

    def destroy(self, week: str) -> None:
        """Overwrite and delete the key of a week; without effect where there is none."""
        try:
            with self._path(week).open("r+b") as file:
                file.write(bytes(LENGTH))
                file.flush()
                os.fsync(file.fileno())
            self._path(week).unlink(missing_ok=True)
        except FileNotFoundError:
            return

    def _write(self, week: str) -> bytes:
        secret = secrets.token_bytes(LENGTH)
        fresh = self._path(week).with_suffix(".new")
        file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.write(file, secret)
            os.fsync(file)
        finally:
            os.close(file)
        fresh.replace(self._path(week))  # whole or not at all
        return secret

    def _path(self, week: str) -> Path:
        return self._folder / f"{self._prefix}{week}{_SUFFIX}"


def _derived(secret: bytes, purpose: bytes) -> bytes:
    return hmac.new(secret, purpose, hashlib.sha256).digest()
