"""The chat in a terminal: read a line, answer it, let a number press a button."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from bot.core.reply import Button, Form, Input, Reply
from bot.core.request import Conversation, Principal, Request
from bot.i18n import N_, Localizer
from bot.renderers.terminal import choices, render

Answer = Callable[[Request], Awaitable[Reply]]
Read = Callable[[str], str]
"""Asks with a prompt and returns the line; raises EOFError or KeyboardInterrupt to leave."""

LEAVING = frozenset({"/quit", "quit", "/exit", "exit", "/q", "/stop"})
HISTORY_LINES = 500
_YES = frozenset({"y", "yes", "j", "ja", "1", "true"})
_NO = frozenset({"n", "no", "nee", "0", "false"})


@dataclass(frozen=True, slots=True)
class Style:
    """How to draw on a stream."""

    width: int = 80
    plain: bool = False
    colour: bool = False

    @classmethod
    def of(cls, stream: TextIO, environ: Mapping[str, str], *, plain: bool = False) -> Style:
        """Find out what a stream can show: colour only on a terminal and without NO_COLOR.

        Where it cannot write the signs for drawing, the style is plain.
        """
        terminal = stream.isatty()
        try:
            "─█⚠…".encode(stream.encoding or "ascii")
        except (UnicodeEncodeError, LookupError):
            plain = True
        dumb = environ.get("TERM") == "dumb"
        return cls(
            width=shutil.get_terminal_size((80, 24)).columns if terminal else 80,
            plain=plain or (terminal and dumb),
            colour=terminal and not plain and not dumb and not environ.get("NO_COLOR"),
        )


@dataclass(slots=True)
class Chat:
    """One conversation in a terminal. `read` and `write` are the keyboard and the screen."""

    answer: Answer
    principal: Principal
    conversation: Conversation
    style: Style
    read: Read
    write: Callable[[str], None]
    surface: str = "terminal"
    _last: Reply | None = field(default=None, init=False)

    async def run(self) -> None:
        """Answer until the person leaves, by a word, end of input or ctrl-C."""
        _ = Localizer(self.principal.locale)
        self.write(
            _(
                N_("Type a command such as {example}. A number presses a button, /quit leaves."),
                example="/topklanten" if self.principal.locale == "nl" else "/topclients",
            )
            + "\n"
        )
        while True:
            try:
                line = self.read("ballotage> ").strip()
            except (EOFError, KeyboardInterrupt):
                self.write("\n")
                break
            if line.casefold() in LEAVING:
                break
            if line:
                await self.say(line)
        self.write(_(N_("Until next time.")) + "\n")

    async def say(self, line: str) -> Reply | None:
        """Answer one line, or press the choice it numbers; None where nothing was asked."""
        chosen = self._chosen(line)
        match chosen:
            case None:
                return None
            case Form():
                text = self._fill(chosen)
                return None if text is None else await self._ask(text, share=False)
            case Button(text=text, share=share):
                return await self._ask(text, share=share)

    async def _ask(self, text: str, *, share: bool) -> Reply:
        request = Request(
            principal=self.principal,
            conversation=self.conversation,
            text=text,
            surface=self.surface,
            share=share,
        )
        reply = await self.answer(request)
        self.write(show(reply, self.style) + "\n")
        self._last = reply
        return reply

    def _chosen(self, line: str) -> Button | Form | None:
        offered = choices(self._last) if self._last else ()
        if not offered or not (line.isascii() and line.isdigit()):
            return Button(line, line)
        number = int(line[:9])
        if 1 <= number <= len(offered):
            return offered[number - 1]
        _ = Localizer(self.principal.locale)
        self.write(
            _(
                N_("There is no choice {number} here; choose 1 to {last}."),
                number=number,
                last=len(offered),
            )
            + "\n"
        )
        return None

    def _fill(self, form: Form) -> str | None:
        """Ask every input of a form; the command line it makes, None when the person leaves it."""
        try:
            given = [(question.name, self._value(question)) for question in form.inputs]
        except (EOFError, KeyboardInterrupt):
            self.write("\n" + Localizer(self.principal.locale)(N_("Cancelled.")) + "\n")
            return None
        return " ".join([form.text, *(_fact(name, value) for name, value in given if value)])

    def _value(self, question: Input) -> str:
        _ = Localizer(self.principal.locale)
        if question.hint:
            self.write(question.hint + "\n")
        for number, (_code, label) in enumerate(question.choices, 1):
            self.write(f"  {number} {label}\n")
        default = f" [{question.value}]" if question.value else ""
        while True:
            typed = self.read(f"{question.label}{default}: ").strip() or question.value
            if not typed and not question.required:
                return ""
            value = _read_value(question, typed)
            if value is not None:
                return value
            self.write(_(_REMEDIES[question.kind]) + "\n")


_REMEDIES = {
    "text": N_("This one is needed."),
    "number": N_("Type a number, such as 12 or 12.5."),
    "choice": N_("Type the number of one of the choices."),
    "toggle": N_("Type yes or no."),
}


def _read_value(question: Input, typed: str) -> str | None:
    """Return what an input means, None when it cannot be that."""
    word = typed.casefold()
    match question.kind:
        case "number":
            try:
                float(figure := typed.replace(",", "."))
            except ValueError:
                return None
            return figure
        case "choice":
            for number, (value, label) in enumerate(question.choices, 1):
                if word in (str(number), value.casefold(), label.casefold()):
                    return value
            return None
        case "toggle":
            return "yes" if word in _YES else "no" if word in _NO else None
        case "text":
            return typed or None


def _fact(name: str, value: str) -> str:
    value = " ".join(value.replace('"', "'").split())
    return f'{name}="{value}"' if " " in value else f"{name}={value}"


def show(reply: Reply, style: Style) -> str:
    """Render a reply in a style."""
    return render(reply, width=style.width, plain=style.plain, colour=style.colour)


def writer(stream: TextIO) -> Callable[[str], None]:
    """Return a function that writes at once, and never fails on a sign the stream lacks."""

    def write(text: str) -> None:
        encoding = stream.encoding or "utf-8"
        stream.write(text.encode(encoding, "replace").decode(encoding))
        stream.flush()

    return write


async def chat(
    answer: Answer,
    principal: Principal,
    conversation: Conversation,
    *,
    text: str | None = None,
    plain: bool = False,
    history: Path | None = None,
    commands: Sequence[str] = (),
    recordable: Callable[[str], str] = str,
) -> Reply | None:
    """Talk over stdin and stdout; with `text` answer that one line and return its reply.

    `history` keeps the typed lines, `commands` are completed by Tab, both where readline exists.
    Lines that `recordable` would cut are not kept.
    """
    style = Style.of(sys.stdout, os.environ, plain=plain)
    write = writer(sys.stdout)
    if text is not None:
        return await Chat(answer, principal, conversation, style, input, write).say(text)
    with _line_editing(history, commands, recordable):
        read = _keyboard(prompting=sys.stdin.isatty())
        await Chat(answer, principal, conversation, style, read, write).run()
    return None


def _keyboard(*, prompting: bool) -> Read:
    def read(prompt: str) -> str:
        # Reading blocks the loop on purpose: nothing else happens in this process meanwhile, and a
        # thread that waits for a line cannot be ended by ctrl-C. Under asyncio the first ctrl-C only
        # cancels the task, which would wait for the line as well.
        if threading.current_thread() is not threading.main_thread():
            return input(prompt if prompting else "")
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            return input(prompt if prompting else "")
        finally:
            signal.signal(signal.SIGINT, before)

    return read


@contextlib.contextmanager
def _line_editing(
    history: Path | None, commands: Sequence[str], recordable: Callable[[str], str]
) -> Iterator[None]:
    try:
        import readline
    except ImportError:  # Windows, or a Python built without it: typing still works
        yield
        return

    def complete(word: str, index: int) -> str | None:
        found = [command for command in sorted(commands) if command.startswith(word)]
        return found[index] if index < len(found) else None

    readline.set_completer(complete)
    readline.set_completer_delims(" \t\n")
    readline.parse_and_bind("tab: complete")
    if history is not None:
        with contextlib.suppress(OSError):
            readline.read_history_file(history)
    try:
        yield
    finally:
        readline.set_completer(None)
        if history is not None:
            for place in range(readline.get_current_history_length(), 0, -1):
                line = readline.get_history_item(place)
                # A number says nothing later, but beside the pulse it was an answer.
                if line.strip().isdigit() or recordable(line) != line:
                    readline.remove_history_item(place - 1)
            with contextlib.suppress(OSError):
                readline.set_history_length(HISTORY_LINES)
                # The lines name clients: made for its owner alone before anything is written.
                os.close(os.open(history, os.O_CREAT | os.O_WRONLY, 0o600))
                readline.write_history_file(history)
