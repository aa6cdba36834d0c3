"""The weekly nudge: when, to whom, what, and its delivery at most once."""
