"""Settings of the Slack door, under the names that Slack's own guides use."""

from __future__ import annotations

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class SlackSettings(BaseSettings):
    """Environment variables or a `.env` file. Without a bot token nothing can be answered."""

    model_config = SettingsConfigDict(
        env_file=".env", extra="ignore", frozen=True, populate_by_name=True
    )

    signing_secret: SecretStr = Field(
        SecretStr(""), alias="SLACK_SIGNING_SECRET", description="Proves that a request is Slack's"
    )
    bot_token: SecretStr = Field(
        SecretStr(""), alias="SLACK_BOT_TOKEN", description="The bot's token, xoxb-..."
    )
    app_token: SecretStr = Field(
        SecretStr(""),
        alias="SLACK_APP_TOKEN",
        description="xapp-...: connect to Slack (Socket Mode) instead of being called by it",
    )
    api_url: str = Field(
        "https://slack.com/api/", alias="SLACK_API_URL", description="Base address of the Web API"
    )

    @field_validator("api_url")
    @classmethod
    def _slash(cls, value: str) -> str:
        return value.strip().rstrip("/") + "/"

    @field_validator("signing_secret", "bot_token", "app_token")
    @classmethod
    def _strip(cls, value: SecretStr) -> SecretStr:
        return SecretStr(value.get_secret_value().strip())

    @property
    def secrets(self) -> tuple[SecretStr, ...]:
        """What no log may hold."""
        return (self.signing_secret, self.bot_token, self.app_token)

    @property
    def socket_mode(self) -> bool:
        """Whether we connect to Slack, rather than Slack to us."""
        return bool(self.app_token.get_secret_value())

    @property
    def opens_door(self) -> bool:
        """Whether requests over HTTP can be told from forged ones."""
        return bool(self.signing_secret.get_secret_value())

    @property
    def is_set(self) -> bool:
        """Whether there is enough to answer in Slack at all."""
        return bool(self.bot_token.get_secret_value()) and (self.opens_door or self.socket_mode)
