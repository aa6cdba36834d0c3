"""A logger for Bolt and the SDK that lets out neither bodies nor tokens.

Bolt puts the whole request in its warnings and errors, and an exception's text can hold one too.
"""

from __future__ import annotations

import logging
import re

_WORDS = re.compile(r"[A-Za-z][A-Za-z' ,-]*")
_KEPT = 60


class Redacted(logging.Filter):
    """Keeps the first plain words of a message and the name of the error."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record; it always passes."""
        words = _WORDS.match(str(record.msg))
        said = words[0].strip()[:_KEPT] if words else "message"
        error = ""
        if record.exc_info and record.exc_info[0] is not None:
            error = f" error={record.exc_info[0].__name__}"
        record.msg = f"slack.sdk said={said!r}{error}"
        record.args = ()
        record.exc_info = record.exc_text = record.stack_info = None
        return True


def redacting_logger() -> logging.Logger:
    """Return the logger to hand to Bolt and the SDK; they copy its level and filter to theirs."""
    logger = logging.getLogger("ballotage.slack.sdk")
    # Set, not inherited: below it they build debug texts of every request before dropping them.
    logger.setLevel(logging.ERROR)
    if not any(isinstance(f, Redacted) for f in logger.filters):
        logger.addFilter(Redacted())
    return logger
