from __future__ import annotations

import io
import os
import pty
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from bot.adapters.terminal import Chat, Style, chat, writer
from bot.core.reply import Actions, Button, Form, Input, Reply, Section
from bot.core.request import Conversation, Place, Principal, Request

JAN = Principal("acme", "jan", locale="en")
DM = Conversation(Place.DM)


class Desk:
    """A keyboard with lines typed ahead, a screen, and an answerer that notes what it is asked."""

    def __init__(self, typed: Iterable[str | BaseException], *elements: object) -> None:
        self.typed = list(typed)
        self.screen = ""
        self.asked: list[Request] = []
        self.elements = elements
        self.chat = Chat(self.answer, JAN, DM, Style(plain=True), self.read, self.write)

    def read(self, prompt: str) -> str:
        self.screen += prompt
        if not self.typed:
            raise EOFError
        line = self.typed.pop(0)
        if isinstance(line, BaseException):
            raise line
        return line

    def write(self, text: str) -> None:
        self.screen += text

    async def answer(self, request: Request) -> Reply:
        self.asked.append(request)
        return Reply((Section(f"Answer to {request.text}"), *self.elements))  # type: ignore[arg-type]

    @property
    def texts(self) -> list[str]:
        return [request.text for request in self.asked]


BUTTONS = Actions((Button("Curve", "/pareto"), Button("Share", "/topclients", share=True)))


async def test_a_line_is_answered_and_shown() -> None:
    desk = Desk(["/topclients 5", "", "  "])
    await desk.chat.run()
    (request,) = desk.asked
    assert request.text == "/topclients 5"
    assert (request.surface, request.principal, request.share) == ("terminal", JAN, False)
    assert "Answer to /topclients 5" in desk.screen
    assert desk.screen.rstrip().endswith("Until next time.")


@pytest.mark.parametrize("leave", ["/quit", "exit", "QUIT", EOFError(), KeyboardInterrupt()])
async def test_every_way_to_leave_is_polite(leave: str | BaseException) -> None:
    desk = Desk([leave, "/never"])
    await desk.chat.run()
    assert desk.texts == []
    assert "Until next time." in desk.screen


async def test_a_number_presses_that_button_of_the_last_answer() -> None:
    desk = Desk(["/x", "1", "2"], BUTTONS)
    await desk.chat.run()
    assert desk.texts == ["/x", "/pareto", "/topclients"]
    assert [request.share for request in desk.asked] == [False, False, True]


@pytest.mark.parametrize("number", ["0", "3", "99999999999999999999"])
async def test_a_number_without_a_button_says_which_there_are(number: str) -> None:
    desk = Desk(["/x", number], BUTTONS)
    await desk.chat.run()
    assert desk.texts == ["/x"]
    assert "choose 1 to 2" in desk.screen


async def test_a_number_is_text_where_there_are_no_buttons() -> None:
    desk = Desk(["16446", "²"])
    await desk.chat.run()
    assert desk.texts == ["16446", "²"]


FORM = Form(
    "/qualify Acme",
    "Fill in",
    (
        Input("source", "Source", "choice", (("event", "Trade fair"), ("network", "Network"))),
        Input("employees", "Employees", "number", hint="About how many?"),
        Input("decider", "Decider spoken", "toggle"),
        Input("city", "City", required=True),
        Input("note", "Note", value="none yet"),
    ),
)


async def test_a_form_asks_its_inputs_and_becomes_a_command_line() -> None:
    desk = Desk(["/x", "1", "2", "45,5", "y", 'Den "Haag"', ""], FORM)
    await desk.chat.run()
    assert desk.texts[1] == (
        "/qualify Acme source=network employees=45.5 decider=yes city=\"Den 'Haag'\""
        ' note="none yet"'
    )
    assert "About how many?" in desk.screen
    assert "2 Network" in desk.screen


async def test_a_form_asks_again_until_it_understands_and_leaves_out_what_is_empty() -> None:
    desk = Desk(["/x", "1", "3", "trade FAIR", "many", "", "perhaps", "nee", "", "Ede", "-"], FORM)
    await desk.chat.run()
    assert desk.texts[1] == "/qualify Acme source=event decider=no city=Ede note=-"
    assert "Type the number of one of the choices." in desk.screen
    assert "Type a number" in desk.screen
    assert "Type yes or no." in desk.screen
    assert "This one is needed." in desk.screen


async def test_a_form_can_be_left_without_leaving_the_chat() -> None:
    desk = Desk(["/x", "1", "1", KeyboardInterrupt(), "/y"], FORM)
    await desk.chat.run()
    assert desk.texts == ["/x", "/y"]
    assert "Cancelled." in desk.screen


class Stream(io.StringIO):
    def __init__(self, *, tty: bool, encoding: str = "utf-8") -> None:
        super().__init__()
        self._tty, self._encoding = tty, encoding

    def isatty(self) -> bool:
        return self._tty

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._encoding


@pytest.mark.parametrize(
    ("tty", "environ", "encoding", "plain", "colour"),
    [
        (True, {}, "utf-8", False, True),
        (True, {"NO_COLOR": "1"}, "utf-8", False, False),
        (True, {"NO_COLOR": ""}, "utf-8", False, True),
        (True, {"TERM": "dumb"}, "utf-8", True, False),
        (True, {}, "ascii", True, False),
        (False, {}, "utf-8", False, False),
    ],
)
def test_the_style_follows_the_stream(
    tty: bool, environ: dict[str, str], encoding: str, plain: bool, colour: bool
) -> None:
    style = Style.of(Stream(tty=tty, encoding=encoding), environ)
    assert (style.plain, style.colour) == (plain, colour)
    assert Style.of(Stream(tty=tty), environ, plain=True).plain
    assert not Style.of(Stream(tty=tty), environ, plain=True).colour


def test_a_sign_the_stream_lacks_does_not_stop_the_answer() -> None:
    stream = Stream(tty=False, encoding="ascii")
    writer(stream)("€ 5 Café\n")
    assert stream.getvalue() == "? 5 Caf?\n"


async def test_one_text_is_answered_without_a_conversation(
    capsys: pytest.CaptureFixture[str],
) -> None:
    desk = Desk([])
    reply = await chat(desk.answer, JAN, DM, text="/topclients")
    assert reply is not None
    assert capsys.readouterr().out == "Answer to /topclients\n\n"


SCRIPT = """
import asyncio, pathlib, sys
from bot.adapters.terminal import chat
from bot.core.reply import Reply, Section
from bot.core.request import Conversation, Place, Principal
async def answer(request):
    return Reply((Section("Answer to " + request.text),))
asyncio.run(chat(answer, Principal("t", "u", locale="en"), Conversation(Place.DM),
                 history=pathlib.Path(sys.argv[1]), commands=["/topclients"],
                 recordable=lambda line: line.partition(" 4")[0]))
"""


def test_lines_from_a_pipe_are_answered_without_prompts(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path / "history")],
        input="/a\n/b\n",
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "Answer to /a" in done.stdout
    assert "Answer to /b" in done.stdout
    assert "ballotage>" not in done.stdout
    assert done.stderr == ""


def test_ctrl_c_at_the_prompt_leaves_politely_and_keeps_a_private_history(tmp_path: Path) -> None:
    history = tmp_path / "history"
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(history)],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    )
    os.close(slave)
    seen = ""

    def until(text: str, press: Callable[[], object] = lambda: None) -> None:
        """Press, and again when nothing comes of it: the prompt shows before it listens."""
        nonlocal seen
        for _ in range(20):
            press()
            while text not in seen and select.select([master], [], [], 3)[0]:
                seen += os.read(master, 4096).decode()
            if text in seen:
                return
        raise AssertionError(f"{text!r} did not come: {seen!r}")

    try:
        until("ballotage> ")
        for line in ("/client Acme", "/pulse 4", "3"):
            until(f"Answer to {line}", lambda line=line: os.write(master, f"{line}\n".encode()))  # type: ignore[misc]
            seen = seen.partition("Answer to")[2]
            until("ballotage> ")
        until("Until next time.", lambda: process.send_signal(signal.SIGINT))
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
        os.close(master)
    assert "Traceback" not in seen
    assert "/client Acme" in history.read_text()
    # Answers to the pulse, typed or pressed by their number, are in no history.
    assert set(history.read_text().split()) == {"/client", "Acme"}
    assert history.stat().st_mode & 0o077 == 0
