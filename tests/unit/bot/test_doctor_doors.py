from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from bot import doctor_doors
from bot.adapters.slack.settings import SlackSettings
from bot.adapters.teams.settings import TeamsSettings
from bot.doctor_doors import Finding
from bot.i18n import Localizer
from bot.manifests.slack import SCOPES

EN = Localizer("en")
BOT, APP, SECRET = "xoxb-1-2-abcdefgh", "xapp-1-A1-abcdefgh", "0123456789abcdef" * 2
GUID, OTHER = "11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222"
PASSWORD = "not~A~guid~but~a~password"
EVERY = (BOT, APP, SECRET, PASSWORD)
DEAD = "http://127.0.0.1:9/"


def slack(bot: str = BOT, app: str = "", secret: str = SECRET, *, api: str = DEAD,
          online: bool = False) -> Finding:  # fmt: skip
    settings = SlackSettings(
        _env_file=None, SLACK_BOT_TOKEN=bot, SLACK_APP_TOKEN=app, SLACK_SIGNING_SECRET=secret,
        SLACK_API_URL=api,
    )  # type: ignore[call-arg]  # fmt: skip
    return quiet(doctor_doors.slack(settings, EN, online=online))


def teams(*, at: str = DEAD, online: bool = False, **changes: str) -> Finding:
    given = {
        "MicrosoftAppId": GUID, "MicrosoftAppPassword": PASSWORD, "MicrosoftAppTenantId": OTHER,
        "MicrosoftAppType": "SingleTenant", "BALLOTAGE_TEAMS_OPENID_URL": f"{at}openid",
        "BALLOTAGE_TEAMS_LOGIN_URL": at,
    } | changes  # fmt: skip
    settings = TeamsSettings(_env_file=None, **given)  # type: ignore[call-arg,arg-type]
    return quiet(doctor_doors.teams(settings, EN, online=online))


def quiet(found: Finding) -> Finding:
    assert not any(secret in found.detail + found.fix for secret in EVERY)
    assert found.status == "ok" or found.fix
    return found


@contextmanager
def answering(
    answers: dict[str, tuple[int, Any]], **headers: str
) -> Iterator[tuple[str, list[str]]]:
    """A server on loopback: what it says by the last part of a path, and what it was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            said = self.rfile.read(length).decode()
            asked.append(f"{self.path} {self.headers.get('Authorization', '')} {said}".strip())
            status, body = answers[self.path.rsplit("/", 1)[-1]]
            raw = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_POST = answer  # noqa: N815

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_door_nobody_set_up_is_in_order_and_says_where_to_begin() -> None:
    assert slack("", "", "").detail == "not set up; see docs/connect-slack.md"
    nothing = dict.fromkeys(("MicrosoftAppId", "MicrosoftAppPassword", "MicrosoftAppTenantId"), "")
    assert teams(**nothing).detail == "not set up; see docs/connect-teams.md"


def test_what_looks_right_is_not_called_unless_asked() -> None:
    with answering({}) as (url, asked):
        assert slack(api=url).status == "ok"
        assert "Socket Mode" in slack(app=APP, api=url).detail
        assert teams(at=url).status == "ok"
    assert asked == []


@pytest.mark.parametrize(
    ("bot", "app", "secret", "status", "said"),
    [
        ("", "", SECRET, "fail", "SLACK_BOT_TOKEN is not set"),
        (APP, "", SECRET, "fail", "SLACK_BOT_TOKEN does not start with xoxb-"),
        ("xoxp-1-2-abcdefgh", "", SECRET, "fail", "SLACK_BOT_TOKEN does not start with xoxb-"),
        (BOT, BOT, "", "fail", "SLACK_APP_TOKEN does not start with xapp-"),
        (BOT, "", "", "fail", "the door stays shut"),
        (BOT, "", BOT, "warn", "SLACK_SIGNING_SECRET"),
    ],
)
def test_a_token_in_the_wrong_place_is_named(
    bot: str, app: str, secret: str, status: str, said: str
) -> None:
    found = slack(bot, app, secret)
    assert found.status == status
    assert said in found.detail


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        ({"MicrosoftAppId": ""}, "fail", "MicrosoftAppId"),
        ({"MicrosoftAppId": "ballotage"}, "fail", "MicrosoftAppId"),
        ({"MicrosoftAppTenantId": "acme"}, "fail", "MicrosoftAppTenantId"),
        ({"MicrosoftAppType": "Single"}, "fail", "MicrosoftAppType"),
        ({"MicrosoftAppPassword": ""}, "fail", "MicrosoftAppPassword is not set"),
        ({"MicrosoftAppPassword": OTHER}, "fail", "the id of a client secret"),
        ({"MicrosoftAppTenantId": ""}, "warn", "every organisation"),
        ({"MicrosoftAppType": "UserAssignedMSI", "MicrosoftAppPassword": ""}, "ok", "HTTP at"),
    ],
)
def test_a_wrong_setting_of_teams_is_named(changes: dict[str, str], status: str, said: str) -> None:
    found = teams(**changes)
    assert found.status == status
    assert said in found.detail


def test_asked_slack_says_for_which_workspace_and_which_scopes_are_missing() -> None:
    taken = {"auth.test": (200, {"ok": True, "team": "Acme", "team_id": "T1"})}
    with answering(taken, X_OAuth_Scopes=",".join(SCOPES)) as (url, asked):
        found = slack(api=url, online=True)
        assert (found.status, "Acme" in found.detail) == ("ok", True)
        assert asked == [f"/auth.test Bearer {BOT}"]
    with answering(taken, X_OAuth_Scopes="chat:write, commands") as (url, _asked):
        found = slack(api=url, online=True)
        assert found.status == "warn"
        assert "channels:read" in found.detail
        assert "chat:write" not in found.detail


def test_both_tokens_of_socket_mode_are_tried() -> None:
    answers = {
        "auth.test": (200, {"ok": True, "team_id": "T1"}),
        "apps.connections.open": (200, {"ok": False, "error": "missing_scope"}),
    }
    with answering(answers) as (url, asked):
        found = slack(app=APP, api=url, online=True)
    assert found.status == "fail"
    assert "SLACK_APP_TOKEN: missing_scope" in found.detail
    assert asked[-1] == f"/apps.connections.open Bearer {APP}"


@pytest.mark.parametrize(
    ("answer", "status"),
    [((200, {"ok": False, "error": "invalid_auth"}), "fail"), ((200, b"<html>"), "warn"),
     ((500, b""), "warn"), ((200, {"ok": False, "error": BOT * 50}), "fail"), ((200, []), "fail")],
)  # fmt: skip
def test_a_refusal_is_told_from_a_bad_connection(answer: tuple[int, Any], status: str) -> None:
    with answering({"auth.test": answer}) as (url, _asked):
        assert doctor_doors.slack(
            SlackSettings(_env_file=None, SLACK_BOT_TOKEN=BOT, SLACK_SIGNING_SECRET=SECRET,
                          SLACK_APP_TOKEN="", SLACK_API_URL=url), EN, online=True,  # type: ignore[call-arg]
        ).status == status  # fmt: skip


def test_without_a_network_it_warns() -> None:
    found = slack(online=True)
    assert found.status == "warn"
    assert "not reached" in found.detail
    assert teams(online=True).status == "warn"


def test_a_token_does_not_follow_a_redirect() -> None:
    with answering({"auth.test": (200, {"ok": True})}) as (elsewhere, asked):
        answers = {"auth.test": (307, b"")}
        with answering(answers, Location=f"{elsewhere}auth.test") as (url, _asked):
            assert slack(api=url, online=True).status == "warn"
    assert asked == []


def test_asked_microsoft_says_whether_it_takes_the_password() -> None:
    keys = {"openid": (200, {"jwks_uri": "x"})}
    with answering(keys | {"token": (200, {"access_token": "eyJ"})}) as (url, asked):
        assert teams(at=url, online=True).status == "ok"
        assert asked[1].startswith(f"/{OTHER}/oauth2/v2.0/token")
    refusal = {"error": "invalid_client", "error_codes": [7000215]}
    with answering(keys | {"token": (401, refusal)}) as (url, _asked):
        found = teams(at=url, online=True)
    assert found.status == "fail"
    assert "AADSTS7000215" in found.detail
