"""Who somebody is: roles from the loaded people, and whom to ask for one."""

from __future__ import annotations

from analytics.errors import NoDataError
from bot.core.request import Principal, Request, Role
from bot.core.services import Services
from bot.i18n import LOCALES, Localizer

TENANT = "default"
"""The tenant of an installation that serves one company."""


def roles_of(services: Services, user: str) -> frozenset[Role]:
    """The roles of a chat id or e-mail address: named in the settings, or in the people table."""
    wanted = user.strip().lower()
    if wanted and wanted in services.settings.admin_users:
        return frozenset({Role.ADMIN})
    try:
        people = services.snapshots.current().people
    except NoDataError:
        return frozenset()
    found = people.loc[people["user"].astype(str).str.lower() == wanted, "role"]
    return frozenset(Role(str(role)) for role in found)


def principal(
    services: Services, user: str, *, locale: str = "", guest: bool = False, tenant: str = TENANT
) -> Principal:
    """The person behind a chat id or e-mail address, with what the people table says of them."""
    settings = services.settings
    time_zone, language = settings.time_zone, locale
    try:
        people = services.snapshots.current().people
        row = people[people["user"].astype(str).str.lower() == user.strip().lower()]
    except NoDataError:
        row = None
    if row is not None and len(row):
        language = language or str(row["locale"].iat[0] or "")
        time_zone = str(row["time_zone"].iat[0] or "") or time_zone
    return Principal(
        tenant=tenant,
        user=user,
        roles=roles_of(services, user),
        locale=language if language in LOCALES else settings.locale,
        time_zone=time_zone,
        guest=guest,
    )


def whom_to_ask(services: Services, request: Request) -> str:
    """Names of the admins, in the asker's language."""
    _ = Localizer(request.locale)
    try:
        people = services.snapshots.current().people
    except NoDataError:
        people = None
    names: list[str] = []
    if people is not None:
        admins = people[people["role"] == "admin"]
        names = [
            str(name) if isinstance(name, str) and name else str(user)
            for name, user in zip(admins["name"], admins["user"], strict=True)
        ]
    names = names or sorted(services.settings.admin_users)
    return _.join(names[:3]) if names else _("the person who installed Ballotage")
