"""Migrations of the state database, run by `bot.storage.database` itself."""

from __future__ import annotations
