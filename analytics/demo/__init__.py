"""A seeded demo company: five files with a story to find, dated relative to today."""

from __future__ import annotations

from analytics.demo.company import DEFAULT_SEED, Company, write_company
from analytics.demo.story import Client, Shape, Story

__all__ = ["DEFAULT_SEED", "Client", "Company", "Shape", "Story", "write_company"]
