"""Commands: one declaration each; parser, help, manifests and docs all derive from it."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from bot.core.reply import Reply
from bot.core.request import Request, Role

if TYPE_CHECKING:
    from bot.core.services import Services


class Permission(Enum):
    """What one must be allowed to do; the value is the name a refusal mentions."""

    NONE = "none"
    REVENUE = "see revenue"
    PULSE = "answer the pulse"
    TEAM = "see how the team is doing"
    CONDITIONS = "change the conditions"
    MANAGE = "manage Ballotage"

    @property
    def roles(self) -> frozenset[Role]:
        """The roles that have it."""
        if self is Permission.MANAGE:
            return frozenset({Role.ADMIN})
        if self in (Permission.TEAM, Permission.CONDITIONS):
            return frozenset({Role.MT, Role.ADMIN})
        return frozenset(Role)


class Sensitivity(Enum):
    """What an answer holds: nothing of the company, its own figures, or what is the asker's alone."""

    PUBLIC = "PUBLIC"
    COMPANY = "COMPANY"
    PERSONAL = "PERSONAL"  # never shared, wherever it is asked


class Accepts(Enum):
    """Kinds of argument a command can take, in any order."""

    COUNT = "N"
    PERIOD = "period"
    NAME = "name"
    FACTS = "fact=value"


@dataclass(frozen=True, slots=True)
class Flag:
    """A word that switches something on, with its forms in every language."""

    name: str
    words: tuple[str, ...]
    permission: Permission | None = None
    """Asked for instead of the command's own."""


HOW = Flag("how", ("how", "hoe", "hoe-berekend", "how-computed"))
GROUP = Flag("group", ("group", "groep", "groups", "concern"))
GROSS = Flag("gross", ("gross", "bruto"))
ALL_ROWS = Flag("more", ("more", "meer"))


@dataclass(frozen=True, slots=True)
class Arguments:
    """Parsed arguments; `words` is what is left, in order."""

    count: int = 10
    period: str = "last12m"
    words: tuple[str, ...] = ()
    flags: frozenset[str] = frozenset()
    facts: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        """The words as typed."""
        return " ".join(self.words)

    def has(self, flag: Flag) -> bool:
        """Whether the flag was given."""
        return flag.name in self.flags


Handler = Callable[[Request, Arguments, "Services"], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Command:
    """One command. Texts are English message ids."""

    name: str
    summary: str
    usage: str
    group: str
    examples: tuple[str, ...]
    run: Handler
    dutch: str = ""
    aliases: tuple[str, ...] = ()
    accepts: frozenset[Accepts] = frozenset()
    flags: tuple[Flag, ...] = ()
    subcommands: tuple[tuple[str, ...], ...] = ()
    """Words of which one must come first: each tuple is a canonical word and its synonyms."""
    permission: Permission = Permission.REVENUE
    sensitivity: Sensitivity = Sensitivity.COMPANY
    steady: bool = False
    """The answer depends on the Snapshot, the arguments and the asker's view only: it is kept."""
    unrecorded: bool = False
    """Neither the audit, the inbox nor a history may know that it was asked, or with what words.

    Asked with one of its flags it is recorded like any other, flags only."""
    for_models: bool = False
    """Not steady, but it changes nothing either: a language model may ask it for the asker."""
    under_ballotage: bool = False
    """Typed as `/ballotage NAME`, since chat platforms reserve the bare name."""
    order: int = 100

    def name_in(self, locale: str) -> str:
        """The command's name in a language."""
        return self.dutch if locale == "nl" and self.dutch else self.name

    def invocation(self, locale: str) -> str:
        """How to type it: `/topklanten`, `/ballotage status`."""
        prefix = "/ballotage " if self.under_ballotage else "/"
        return prefix + self.name_in(locale)

    def permission_for(self, args: Arguments) -> Permission:
        """What one must be allowed to do to ask it with these arguments."""
        for flag in self.flags:
            if flag.permission is not None and args.has(flag):
                return flag.permission
        return self.permission

    def is_recorded(self, args: Arguments) -> bool:
        """Whether it may be noted that it was asked with these arguments."""
        return not self.unrecorded or bool(args.flags)

    @property
    def read_only(self) -> bool:
        """Whether asking it changes nothing, so that a language model may do so for the asker."""
        return (self.steady or self.for_models) and not self.unrecorded

    @property
    def names(self) -> tuple[str, ...]:
        """Every name it answers to."""
        return tuple(dict.fromkeys(n for n in (self.name, self.dutch, *self.aliases) if n))


@dataclass(slots=True)
class Registry:
    """All commands by name."""

    commands: dict[str, Command] = field(default_factory=dict)
    _by_name: dict[str, Command] = field(default_factory=dict)

    def add(self, command: Command) -> None:
        """Register; a duplicate name or a missing example is a start-up error."""
        if not command.examples:
            raise ValueError(f"command {command.name} has no example")
        for name in command.names:
            if name in self._by_name:
                raise ValueError(f"command name {name} is taken by {self._by_name[name].name}")
            self._by_name[name] = command
        self.commands[command.name] = command

    def find(self, name: str) -> Command | None:
        """The command of that name in any language."""
        return self._by_name.get(name.lower())

    def names(self) -> Iterable[str]:
        """Every name of every command."""
        return self._by_name

    def __iter__(self) -> Iterator[Command]:
        return iter(sorted(self.commands.values(), key=lambda c: (c.order, c.name)))


_DECLARED: list[Command] = []


def command(**declaration: object) -> Callable[[Handler], Handler]:
    """Declare the decorated async function as a command; see Command for the fields."""

    def declare(handler: Handler) -> Handler:
        _DECLARED.append(Command(run=handler, **declaration))  # type: ignore[arg-type]
        return handler

    return declare


def discover(package: str = "bot.commands") -> Registry:
    """Import every module of the package and register what they declare."""
    module = importlib.import_module(package)
    for found in pkgutil.iter_modules(module.__path__):
        if not found.name.startswith("_"):
            importlib.import_module(f"{package}.{found.name}")
    registry = Registry()
    for declared in _DECLARED:
        registry.add(declared)
    return registry
