"""All settings in one place: environment variables `BALLOTAGE_*`, or a `.env` file."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Settings of one process. Nothing reads the environment at import time."""

    model_config = SettingsConfigDict(
        env_prefix="BALLOTAGE_", env_file=".env", extra="ignore", frozen=True
    )

    home: Path = Field(Path(".ballotage"), description="Folder that holds all data and state")
    port: int = Field(3978, ge=0, le=65535, description="Port of `serve` and `demo`")
    host: str = Field(
        "127.0.0.1", description="Address `serve` listens on; `demo` is loopback only"
    )
    locale: Literal["nl", "en"] = Field("nl", description="Language where the asker's is unknown")
    time_zone: str = Field("Europe/Amsterdam", description="Time zone where a person's is unknown")
    currency: str = Field("", description="Home currency (ISO 4217); empty: that of the first load")
    rep_revenue: Literal["exact", "bands", "none"] = Field(
        "exact", description="How sales reps see revenue: exact, in bands, or none"
    )
    admins: str = Field("", description="Chat ids or e-mail addresses of admins, comma separated")
    deadline_seconds: float = Field(8.0, gt=0, description="Longest a command may take")
    refresh_minutes: float = Field(
        60.0, ge=0, description="Timer of the refresh; 0 switches it off"
    )
    watch_seconds: float = Field(
        2.0, gt=0, description="How often `serve` looks for a new snapshot"
    )
    embeddings: str = Field(
        "local",
        description="Vectors of the coach: local, PROVIDER:MODEL such as openai:..., or a folder",
    )
    model: str = Field(
        "",
        description="Language model for free questions, as PROVIDER:MODEL such as openai:...; "
        "empty: none, everything stays on this machine",
    )
    model_tokens: int = Field(
        20_000, gt=0, description="Tokens one answer of the language model may cost"
    )
    nudges: bool = Field(True, description="Whether `serve` sends the weekly nudges")
    log_format: Literal["text", "json"] = Field("text", description="Format of the log on stderr")
    log_level: str = Field("INFO", description="Level of the log")

    @field_validator("currency")
    @classmethod
    def _upper(cls, value: str) -> str:
        return value.strip().upper()

    @property
    def admin_users(self) -> frozenset[str]:
        """The users named in `admins`."""
        return frozenset(u.strip().lower() for u in self.admins.split(",") if u.strip())
