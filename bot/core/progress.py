"""What of an answer is ready so far, for a surface that can show it while the rest is made."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar

Listener = Callable[[str], None]
"""Called with the whole text so far, each time more of it (or, after a change of mind, less)."""

_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


@contextlib.contextmanager
def heard_by(listener: Listener) -> Iterator[None]:
    """Let a listener hear what is ready of the answers that are made within."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def listening() -> Listener | None:
    """Who listens to the answer that is being made; None on surfaces that show it whole."""
    return _listener.get()
