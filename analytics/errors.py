"""What can be wrong with the user's data, said in one line that tells how to mend it."""

from __future__ import annotations


class DataError(Exception):
    """A problem in the user's data, its files or its mapping.

    `message` is an English template with `{named}` placeholders; it doubles as the gettext
    message id, so a surface can translate it late. `str(error)` is the English line.
    """

    def __init__(self, message: str, **params: object) -> None:
        super().__init__(message)
        self.message = message
        self.params = params

    def __str__(self) -> str:
        return self.message.format(**self.params)


class NoDataError(DataError):
    """Nothing has been loaded yet, or not the table this answer needs."""


def problem_of(error: BaseException) -> str:
    """The first line of what a system or library error says, for the `{problem}` of a DataError."""
    text = getattr(error, "strerror", None) or str(error).strip()
    return text.splitlines()[0][:200] if text else type(error).__name__
