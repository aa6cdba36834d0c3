"""Measurements of speed and memory, run by `make bench`; never part of the test run."""

from __future__ import annotations
