"""One file a schema, named by its number; a released one is never edited."""

from __future__ import annotations
