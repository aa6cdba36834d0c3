"""Errors a person can mend, each with the line that says how."""

from __future__ import annotations


class UserError(Exception):
    """The request was wrong; `message` is an English template (the gettext id) and says the remedy."""

    def __init__(self, message: str, **params: object) -> None:
        super().__init__(message)
        self.message = message
        self.params = params

    def __str__(self) -> str:
        return self.message.format(**self.params)


class RefusedError(UserError):
    """Policy says no. The message names the missing permission and whom to ask, never the data."""


class SettingsError(UserError):
    """A setting is missing or wrong."""
