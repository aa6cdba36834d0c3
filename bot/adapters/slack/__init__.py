"""Slack: the door, its settings, and what runs behind it."""

from __future__ import annotations

from bot.adapters.slack.door import SlackDoor, create_slack
from bot.adapters.slack.settings import SlackSettings

__all__ = ["SlackDoor", "SlackSettings", "create_slack"]
