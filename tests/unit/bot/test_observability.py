from __future__ import annotations

import datetime as dt
import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Literal

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.adapters.slack.settings import SlackSettings
from bot.adapters.teams.settings import TeamsSettings
from bot.observability import Metrics, RedactingFilter, redact, set_up_logging

# Written in two parts, so that no scanner takes them for real ones.
SECRETS = {
    "slack bot token": "xoxb" + "-2345678901-2345678901234-AbCdEfGhIjKlMnOpQrStUvWx",
    "slack user token": "xoxp" + "-23456789-AbCdEfGhIjKl",
    "slack app token": "xapp" + "-1-A0123456789-1234567890-abcdef0123456789",
    "slack refresh token": "xoxe" + "-1-My0xLTIzNDU2Nzg5",
    "slack rotated token": "xoxe.xoxb" + "-1-MS0yLTIzNDU2Nzg5",
    "slack webhook": "https://hooks.slack.com/services/" + "T000/B000/XXXXyyyyZZZZ",
    "teams webhook": "https://acme.webhook.office.com/" + "webhookb2/abc@def/IncomingWebhook/xyz",
    "slack signature": "v0=" + "a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
    "signing secret": "8f742231b10e8888" + "abcd99yyyzzz85a5".replace("yyyzzz", "aaabbb"),
    "jwt": "eyJhbGciOiJSUzI1NiJ9" + ".eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl_abc-def",
    "fernet token": "gAAAAABl" + "x" * 60,
    "entra client secret": "abc8Q~" + "dEfGhIjKlMnOpQrStUvWxYz0123456789a",
    "aws key id": "AKIA" + "IOSFODNN7EXAMPLE",
    "github token": "ghp_" + "16C7e42F292c6912E7710c838347Ae178B4a",
    "github fine-grained": "github_pat_" + "11ABCDEFG0aBcDeFgHiJkL",
    "gitlab token": "glpat-" + "aBcDeFgHiJkLmNoPqRsT",
    "model key": "sk-proj-" + "abcdefghijklmnop1234",
    "another model key": "sk-ant-" + "api03-abcdefghijklmnop",
    "stripe key": "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc",
    "google key": "AIza" + "SyD-9tSrke72PouQMnMX-a7eZSW0jkFMBWY",
    "google oauth": "ya29." + "a0AfH6SMBx1234567890",
    "sendgrid key": "SG." + "ngeVfQFYQlKU0ufo8x5d1A.TwL2iGABf9DHoTf-09kqeF8tAmbihYzrnopKc",
    "npm token": "npm_" + "aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789",
    "pypi token": "pypi-" + "AgEIcHlwaS5vcmcCJDU3",
    "hugging face token": "hf_" + "aBcDeFgHiJkLmNoPqRsTuVwXyZ",
    "databricks token": "dapi" + "-1234567890-abcdefabcdef",
    "private key": "-----BEGIN RSA PRIVATE KEY-----\nMIIEow+/AKCAQ\nEA75\n-----END RSA PRIVATE KEY-----",
    "cut off private key": "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkq",
}
NAMED = {
    "bearer header": ("Authorization: Bearer {}", "abcDEF123.456"),
    "basic header": ("authorization='Basic {}'", "dXNlcjpwYXNz"),
    "bare bearer": ("sent bearer {} along", "abcdefgh1234"),
    "custom scheme": ("'Authorization': 'SharedAccessSignature {}'", "xyzzy-plugh"),
    "password": ("password={}", "hunter2"),
    "json password": ('{{"user": "u", "password": "{}"}}', 'hun \\"ter2'),
    "python dict": ("{{'client_secret': '{}'}}", "hun ter2"),
    "app password": ("MicrosoftAppPassword={}", "Tr0ub4dor"),
    "slack setting": ("SLACK_SIGNING_SECRET: {}", "sh0rt"),
    "api key": ("x-api-key: {}", "k-12345"),
    "access token": ("access_token={}&x=1", "tok12345"),
    "cookie": ("Cookie: {}", "session=abc; other=def"),
    "postgres url": ("postgresql://bot:{}@db.example.com/state", "p:ss/w0rd"),
    "redis url": ("redis://:{}@cache:6379", "s3cr3t"),
    "azure storage": ("AccountName=x;AccountKey={};Suffix=y", "abc+/123=="),
    "signed address": ("https://x.blob.core.windows.net/c?sv=2020&sig={}&x=1", "aB%2Fc"),
    "oauth code": ("GET /slack/oauth?code={}&x=1", "12345.6789"),
    "response url": ("response_url={}", "https://hooks.example.com/commands/T1/2/abc"),
    "request body": ("request body: {}", "token=x&text=Van Dijk\nsecond line"),
    "mail body": ("mail.failed body={}", "Beste Jan,\n\ngroet"),
}


@pytest.fixture
def logged(
    request: pytest.FixtureRequest,
) -> Iterator[Callable[..., io.StringIO]]:
    """Set up logging on a stream of the test's own, and put everything back afterwards."""
    root, factory = logging.getLogger(), logging.getLogRecordFactory()
    handlers, level = list(root.handlers), root.level

    def start(
        log_format: Literal["text", "json"] = "text", secrets: tuple[str, ...] = ()
    ) -> io.StringIO:
        stream = io.StringIO()
        set_up_logging(log_format=log_format, stream=stream, secrets=secrets)
        return stream

    yield start
    logging.setLogRecordFactory(factory)
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_known_by_its_looks(name: str) -> None:
    shown = redact(f"call.fail url=https://example.com/x value {SECRETS[name]} attempt=3")
    for part in SECRETS[name].split("\n"):
        assert part not in shown
    assert shown.startswith("call.fail url=https://example.com/x")


@pytest.mark.parametrize("name", NAMED)
def test_a_secret_is_known_by_its_name(name: str) -> None:
    template, value = NAMED[name]
    shown = redact("call.fail " + template.format(value))
    assert "[hidden]" in shown
    for part in value.split():
        assert part not in shown
    assert redact(shown) == shown


def test_an_address_of_a_person_is_not_logged() -> None:
    assert redact("mail.send to=jan.jansen@acme.co.uk") == "mail.send to=[address]"


def test_the_host_of_a_connection_stays_readable() -> None:
    assert redact("postgresql://u:p@db.example.com/s") == "postgresql://[hidden]@db.example.com/s"


@pytest.mark.parametrize(
    "line",
    [
        "snapshot.load version=000012-ab12cd seconds=1.25",
        "request.failed id=ab12cd34 command=topclients",
        "llm.answer tokens=1200 token_count=5",
        "server.start address=http://127.0.0.1:3978/readyz?verbose=1",
        "load.finish table=invoices rows=1067371 quarantined=12",
        "refresh.fail reason=No such file: /home/x/.ballotage/warehouse.duckdb",
    ],
)
def test_an_ordinary_line_stays_as_it_is(line: str) -> None:
    assert redact(line) == line


def test_a_long_line_is_redacted_in_good_time() -> None:
    """Would not come back for minutes if a pattern could backtrack over the whole line."""
    for hostile in ("a." * 20_000, "body" * 5_000, "x" * 40_000, "://" * 10_000, "eyJ" * 10_000):
        assert len(redact(hostile)) > 0


@pytest.mark.parametrize("name", ["", "ballotage.core", "slack_bolt.AsyncApp", "botbuilder", "x.y"])
@pytest.mark.parametrize("log_format", ["text", "json"])
def test_no_logger_lets_a_secret_out(
    logged: Callable[..., io.StringIO], name: str, log_format: str
) -> None:
    stream = logged(log_format)
    log = logging.getLogger(name)
    secret = SECRETS["slack bot token"]
    log.warning("as text %s", secret)
    log.warning("as a name %(password)s", {"password": secret})
    log.warning(f"in the message {secret}")
    log.warning("as extra", extra={"detail": {"nested": [secret]}, "password": "hunter2"})
    try:
        raise RuntimeError(f"failed with {secret}")
    except RuntimeError:
        log.exception("in a traceback")
    written = stream.getvalue()
    assert written.count("\n") >= 5
    assert secret not in written
    assert "hunter2" not in written
    assert "RuntimeError" in written


def test_a_library_with_its_own_handler_gets_clean_records_too(
    logged: Callable[..., io.StringIO],
) -> None:
    logged()
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    log = logging.getLogger("library.of.its.own")
    log.addHandler(handler)
    try:
        log.warning("body: %s", {"token": "abc"})
        try:
            raise RuntimeError(SECRETS["jwt"])
        except RuntimeError:
            log.exception("failed")
    finally:
        log.removeHandler(handler)
    assert "abc" not in stream.getvalue()
    assert SECRETS["jwt"] not in stream.getvalue()
    assert "RuntimeError" in stream.getvalue()


def test_a_secret_that_looks_like_nothing_is_known_by_value(
    logged: Callable[..., io.StringIO],
) -> None:
    stream = logged(secrets=("correct horse", "correct horse battery", ""))
    logging.getLogger("x").warning("it was correct horse battery staple")
    assert stream.getvalue().endswith("it was [hidden] staple\n")


def test_json_lines_hold_the_event_and_the_extra_fields(
    logged: Callable[..., io.StringIO],
) -> None:
    stream = logged("json")
    logging.getLogger("ballotage.x").info("snapshot.load version=%d", 3, extra={"rows": 5})
    line = json.loads(stream.getvalue())
    assert line["event"] == "snapshot.load"
    assert line["message"] == "snapshot.load version=3"
    assert (line["level"], line["logger"], line["rows"]) == ("INFO", "ballotage.x", 5)
    assert dt.datetime.fromisoformat(line["at"]).tzinfo is not None


def test_a_wrong_format_is_logged_and_raises_nothing(logged: Callable[..., io.StringIO]) -> None:
    stream = logged()
    logging.getLogger("x").warning("%d rows", "many")
    assert "%d rows" in stream.getvalue()


def test_setting_up_twice_logs_once(logged: Callable[..., io.StringIO]) -> None:
    logged()
    stream = logged()
    logging.getLogger("x").warning("once.only")
    assert stream.getvalue().count("once.only") == 1


def test_the_filter_can_be_put_on_a_logger_alone() -> None:
    record = logging.makeLogRecord({"msg": "token=%s", "args": ("abcdef",)})
    assert RedactingFilter().filter(record)
    assert record.getMessage() == "token=[hidden]"


NOW = dt.datetime(2026, 11, 3, 12, tzinfo=dt.UTC)


def values(metrics: Metrics) -> dict[str, float]:
    body, content_type = metrics.render()
    assert content_type.startswith("text/plain")
    return {
        ",".join([sample.name, *(v for _, v in sorted(sample.labels.items()))]): sample.value
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
    }


def test_requests_are_counted_and_timed() -> None:
    metrics = Metrics()
    metrics.observe_command("topclients", "answered", 0.2)
    metrics.observe_command("topclients", "answered", 3)
    metrics.observe_command("", "wrong_request", 0.1)
    found = values(metrics)
    assert found["ballotage_commands_total,topclients,answered"] == 2
    assert found["ballotage_commands_total,unknown,wrong_request"] == 1
    assert found["ballotage_command_seconds_sum,topclients,answered"] == pytest.approx(3.2)
    assert found["ballotage_command_seconds_bucket,topclients,0.25,answered"] == 1


def test_the_age_of_the_data_is_worked_out_when_asked() -> None:
    now = NOW
    metrics = Metrics(now=lambda: now)
    assert str(values(metrics)["ballotage_data_age_seconds"]) == "nan"
    metrics.observe_snapshot(12, NOW - dt.timedelta(hours=1))
    now = NOW + dt.timedelta(minutes=1)
    assert values(metrics)["ballotage_data_age_seconds"] == 3660
    assert values(metrics)["ballotage_snapshot_version"] == 12


def test_refreshes_and_inbound_events_are_counted() -> None:
    metrics = Metrics()
    metrics.observe_refresh(2)
    metrics.observe_refresh(1, failed=True)
    metrics.observe_inbound("slack", "command", "accepted")
    found = values(metrics)
    assert found["ballotage_refresh_seconds_count"] == 2
    assert found["ballotage_refresh_failures_total"] == 1
    assert found["ballotage_inbound_total,command,accepted,slack"] == 1


def test_no_metric_knows_tenants_or_people() -> None:
    metrics = Metrics()
    metrics.observe_command("topclients", "answered", 1)
    metrics.observe_inbound("slack", "command", "accepted")
    names = {
        label
        for family in metrics.registry.collect()
        for sample in family.samples
        for label in sample.labels
    }
    assert names == {"command", "outcome", "platform", "kind", "le"}


def test_two_processes_in_one_test_do_not_share_metrics() -> None:
    first, second = Metrics(), Metrics()
    first.observe_refresh(1)
    assert values(second)["ballotage_refresh_seconds_count"] == 0


def test_what_the_doors_are_opened_with_is_among_the_known_secrets() -> None:
    slack = SlackSettings(
        _env_file=None, SLACK_SIGNING_SECRET="one-1", SLACK_BOT_TOKEN="two-2", SLACK_APP_TOKEN="x-3"
    )  # type: ignore[call-arg]  # fmt: skip
    teams = TeamsSettings(_env_file=None, MicrosoftAppPassword="four-4")  # type: ignore[call-arg]
    named = [each.get_secret_value() for each in (*slack.secrets, *teams.secrets)]
    assert named == ["one-1", "two-2", "x-3", "four-4"]
    hidden = [s for s in (*SlackSettings.model_fields, *TeamsSettings.model_fields)
              if s.endswith(("secret", "token", "password"))]  # fmt: skip
    assert len(hidden) == len(named)  # a new one has to be named there too


def test_a_library_that_tells_of_every_try_is_not_heard(
    logged: Callable[..., io.StringIO],
) -> None:
    stream = logged()
    logging.getLogger("urllib3.connectionpool").warning("Retrying (Retry(total=0))")
    logging.getLogger("ballotage.x").warning("door.told")
    assert "Retrying" not in stream.getvalue()
    assert "door.told" in stream.getvalue()
