"""What can be wrong with the knowledge one adds, said in one line that tells how to mend it."""

from __future__ import annotations


class KnowledgeError(Exception):
    """A problem in a document or in what was asked of the documents.

    `message` is an English template with `{named}` placeholders; it doubles as the gettext
    message id, so a surface can translate it late. `str(error)` is the English line.
    """

    def __init__(self, message: str, **params: object) -> None:
        super().__init__(message)
        self.message = message
        self.params = params

    def __str__(self) -> str:
        return self.message.format(**self.params)
