"""What is wrong with which row: one reason a row, the first that was found."""

from __future__ import annotations

from typing import Any

import numpy as np

from analytics.loading.readers import RawTable
from analytics.loading.summary import Reason


class Faults:
    """The reasons of one file's rows; rows without one are accepted."""

    def __init__(self, raw: RawTable) -> None:
        self._raw = raw
        self._codes: np.ndarray[Any, Any] = np.zeros(len(raw), dtype=np.int32)
        self._kinds: list[tuple[str, dict[str, object]]] = []

    def mark(self, where: np.ndarray[Any, Any], message: str, **params: object) -> None:
        """Set rows aside where the mask is True, unless they have a reason already."""
        fresh = where & (self._codes == 0)
        if fresh.any():
            self._kinds.append((message, params))
            self._codes[fresh] = len(self._kinds)

    @property
    def accepted(self) -> np.ndarray[Any, Any]:
        """True for each row without a reason."""
        accepted: np.ndarray[Any, Any] = self._codes == 0
        return accepted

    @property
    def total(self) -> int:
        """Rows set aside, those that could not be read as a row included."""
        return int((self._codes > 0).sum()) + len(self._raw.rejected)

    def reason(self, row: int) -> str:
        """Return the English reason of a row."""
        message, params = self._kinds[int(self._codes[row]) - 1]
        return message.format(**params)

    def summary(self) -> tuple[Reason, ...]:
        """Return the reasons, most frequent first, then in order of the file."""
        found: list[Reason] = []
        for code, (message, params) in enumerate(self._kinds, start=1):
            rows = np.flatnonzero(self._codes == code)
            found.append(Reason(message, len(rows), int(self._raw.lines[rows[0]]), params))
        unread: dict[str, list[int]] = {}
        for rejected in self._raw.rejected:
            unread.setdefault(rejected.message, []).append(rejected.line_no)
        found += [Reason(m, len(lines), min(lines), {}) for m, lines in unread.items()]
        return tuple(sorted(found, key=lambda r: (-r.count, r.first_line)))
