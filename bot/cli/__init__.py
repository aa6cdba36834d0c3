"""The command line's commands, one module a family; app.py declares them."""

from __future__ import annotations
