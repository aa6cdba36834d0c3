"""Settings of the Teams door, under the names that Microsoft's own guides use."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class TeamsSettings(BaseSettings):
    """Environment variables or a `.env` file. Without an app id the door stays shut."""

    model_config = SettingsConfigDict(
        env_file=".env", extra="ignore", frozen=True, populate_by_name=True
    )

    app_id: str = Field("", alias="MicrosoftAppId", description="Application (client) id")
    app_password: SecretStr = Field(
        SecretStr(""), alias="MicrosoftAppPassword", description="Its client secret"
    )
    tenant_id: str = Field(
        "", alias="MicrosoftAppTenantId", description="The only tenant that is answered"
    )
    app_type: str = Field(
        "MultiTenant",
        alias="MicrosoftAppType",
        description="SingleTenant, MultiTenant or UserAssignedMSI",
    )
    targeted: Literal["auto", "always"] = Field(
        "auto",
        alias="BALLOTAGE_TEAMS_TARGETED",
        description="Private answers in a group as targeted messages: where the question was one "
        "(auto), or always, for a tenant that is known to support them",
    )
    openid_url: str = Field(
        "https://login.botframework.com/v1/.well-known/openidconfiguration",
        alias="BALLOTAGE_TEAMS_OPENID_URL",
        description="Where the keys of Teams' tokens are listed; another one in national clouds",
    )
    issuer: str = Field(
        "https://api.botframework.com",
        alias="BALLOTAGE_TEAMS_ISSUER",
        description="Issuer of Teams' tokens, and the scope of ours",
    )
    login_url: str = Field(
        "https://login.microsoftonline.com/",
        alias="BALLOTAGE_TEAMS_LOGIN_URL",
        description="Where our own tokens come from",
    )

    @property
    def secrets(self) -> tuple[SecretStr, ...]:
        """What no log may hold."""
        return (self.app_password,)
