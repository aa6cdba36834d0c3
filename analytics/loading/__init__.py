"""Files into the warehouse: see `load`."""

from __future__ import annotations

from analytics.loading.run import load
from analytics.loading.summary import ColumnChoice, LoadSummary, Note, Reason, TableSummary

__all__ = ["ColumnChoice", "LoadSummary", "Note", "Reason", "TableSummary", "load"]
