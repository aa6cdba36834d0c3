"""The first words of a newcomer: a bare greeting is answered with the welcome."""

from __future__ import annotations

import re

WELCOME = "/ballotage welcome"
INTRODUCTIONS = frozenset({"help", "welcome"})
"""Commands whose answer introduces already, so that no welcome has to follow."""
GREETINGS = frozenset({
    "hi", "hello", "hey", "hoi", "hallo", "hé", "dag", "start", "goedemorgen", "goedemiddag",
    "goedenavond", "good morning", "good afternoon", "good evening", "hi there", "hey there",
})  # fmt: skip
_NAME = re.compile(r"\s+@?ballotage$")


def is_greeting(text: str) -> bool:
    """Whether a message only says hello, to nobody or to us."""
    words = re.sub(r"[^\w\s@]", " ", text.lower())
    return _NAME.sub("", " ".join(words.split())) in GREETINGS
