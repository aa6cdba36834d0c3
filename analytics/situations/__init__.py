"""Situations: what the figures show that is worth a person's attention this week."""
