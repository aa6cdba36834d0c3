"""Forms in Slack: questions in a message, or in a modal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from bot.core.reply import Form, Input
from bot.renderers.slack_text import plain

FORM_LIMITS = {
    "title": 24,  # characters of a modal's title and of its buttons
    "label": 200,  # of a question; Slack takes 2,000, nobody reads them
    "value": 3_000,  # of a text typed in advance
    "choices": 100,
    "choice": 75,
    "choice_value": 150,
    "name": 200,  # of a question, in its id
    "modal_blocks": 100,
    "metadata": 3_000,
}

INPUT = "i."
"""Ids of inputs start with this, so that none can pass for another action."""
YES = ("yes", "true", "1", "ja")


@dataclass(frozen=True, slots=True)
class FormSize:
    """How many questions and choices there is room for, and characters of each text."""

    inputs: int = FORM_LIMITS["modal_blocks"]
    choices: int = FORM_LIMITS["choices"]
    text: int = FORM_LIMITS["label"]


def input_blocks(inputs: Iterable[Input], prefix: str, size: FormSize) -> list[dict[str, Any]]:
    """Return input blocks; block ids start with `prefix`, action ids with `i.`."""
    out = []
    for place, one in enumerate(list(inputs)[: size.inputs]):
        if not one.name or len(one.name) > FORM_LIMITS["name"]:
            continue
        block: dict[str, Any] = {
            "type": "input",
            "block_id": f"{prefix}{place}",
            "label": _text(plain(one.label, size.text) or one.name),
            "element": {**_element(one, size), "action_id": INPUT + one.name},
            "optional": not one.required,
        }
        if one.hint.strip():
            block["hint"] = _text(plain(one.hint, size.text))
        out.append(block)
    return out


def modal(
    form: Form, *, title: str, close: str, callback: str, metadata: str, intro: str = ""
) -> dict[str, Any]:
    """Return a modal view of a form; `metadata` (3,000 characters) comes back when it is sent.

    intro: what stands above the questions.
    """
    if len(metadata) > FORM_LIMITS["metadata"]:
        raise ValueError("private_metadata is too long")
    return {
        "type": "modal",
        "callback_id": callback,
        "private_metadata": metadata,
        "title": _text(plain(title, FORM_LIMITS["title"])),
        "submit": _text(plain(form.submit, FORM_LIMITS["title"])),
        "close": _text(plain(close, FORM_LIMITS["title"])),
        "blocks": [
            *(
                [{"type": "section", "text": _text(plain(intro, FORM_LIMITS["value"]))}]
                if intro
                else []
            ),
            *input_blocks(form.inputs, "f.", FormSize()),
        ],
    }


def _element(one: Input, size: FormSize) -> dict[str, Any]:
    if one.kind == "toggle":
        option = _option("yes", one.label)
        on = one.value.lower() in YES
        return {
            "type": "checkboxes",
            "options": [option],
            **({"initial_options": [option]} if on else {}),
        }
    usable = [c for c in one.choices if c[0] and len(c[0]) <= FORM_LIMITS["choice_value"]]
    if one.kind == "choice" and usable:
        options = {
            value: _option(value, plain(label, size.text))
            for value, label in dict(usable[: size.choices]).items()
        }
        chosen = {"initial_option": options[one.value]} if one.value in options else {}
        return {"type": "static_select", "options": list(options.values()), **chosen}
    # A number too: Slack takes number inputs in modals alone, and the parser reads both signs.
    value = plain(one.value, FORM_LIMITS["value"])
    return {"type": "plain_text_input", **({"initial_value": value} if value else {})}


def _option(value: str, label: str) -> dict[str, Any]:
    return {"text": _text(plain(label, FORM_LIMITS["choice"]) or value[:75]), "value": value}


def _text(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text or " ", "emoji": False}
