"""Whether a request is Slack's: its signature, not older or newer than 300 seconds."""

from __future__ import annotations

from multidict import CIMultiDictProxy
from slack_sdk.signature import SignatureVerifier

TIMESTAMP, SIGNATURE = "X-Slack-Request-Timestamp", "X-Slack-Signature"


class Signatures:
    """Slack's own verifier, with everything it would stumble over refused beforehand."""

    def __init__(self, secret: str) -> None:
        self._verifier = SignatureVerifier(secret)

    def is_valid(self, headers: CIMultiDictProxy[str], body: str) -> bool:
        """Whether exactly one timestamp and one signature stand there, and they fit the body."""
        timestamps, signatures = headers.getall(TIMESTAMP, ()), headers.getall(SIGNATURE, ())
        if len(timestamps) != 1 or len(signatures) != 1:
            return False  # of two, a proxy and we might read different ones
        timestamp, signature = timestamps[0], signatures[0]
        if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
            return False
        return signature.isascii() and self._verifier.is_valid(body, timestamp, signature)
