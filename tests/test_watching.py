"""What the alerts, the dashboard and the runbook speak of exists."""

import json
import re
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from beckn_adapter import metrics, tally
from beckn_adapter.caller import Caller
from beckn_adapter.models import Circuit, Message
from beckn_adapter.outbox import put
from config import metrics as page
from config.readiness import Check, Readiness, readiness
from connections import figures
from tests.beckn_adapter.conversation import receive, request
from tests.factories import scheduled_application

WATCHING = Path(__file__).resolve().parent.parent / "docs" / "watching"
NAMED = re.compile(r"servicedrop_\w+")
PRIVATE, PUBLIC = "10.1.2.3", "203.0.113.9"


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load((WATCHING / "alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def expressions_of_the_dashboard() -> list[str]:
    board = json.loads((WATCHING / "dashboard.json").read_text())
    return [target["expr"] for panel in board["panels"] for target in panel["targets"]]


def read(client: Client | None = None, **how: Any) -> Any:
    page.forget()
    return (client or Client()).get("/metrics", **how)


@pytest.fixture
def busy_house(db: None) -> None:
    """One of everything that is counted."""
    tally.forget()
    row = receive(request("search", {"intent": {}}))
    metrics.received("search", "buyer.test", kind="new", seconds=0.002)
    metrics.refused(Caller(PUBLIC, "search"), "header")
    metrics.handled(row, "answered")
    callback = put(request("on_search", {})["context"], {"message": {}}, request=row)
    callback.delivered_at = timezone.now()
    metrics.attempted(callback, "delivered", row.received_at)
    Circuit.objects.create(host="slow.test", probe_at=timezone.now())
    scheduled_application()
    figures.count_orders()


def test_every_figure_that_a_rule_or_a_panel_names_is_told(busy_house: None) -> None:
    told = {line.split("{")[0].split(" ")[0] for line in read().content.decode().splitlines() if line[0] != "#"}
    named = {name for rule in rules() for name in NAMED.findall(rule["expr"])}
    drawn = {name for expression in expressions_of_the_dashboard() for name in NAMED.findall(expression)}

    assert len(named) >= 12
    assert len(drawn) >= 15
    assert (named | drawn) - told == set()


@pytest.mark.parametrize("check", ["clock", "migrations"])
def test_what_is_asked_of_the_database_rings_only_while_the_database_answers(check: str) -> None:
    answers = 'and on (instance) min by (instance) (servicedrop_check_ok{check="database"}) == 1'
    (asking,) = [rule["expr"] for rule in rules() if check in rule["expr"]]

    assert f'(servicedrop_check_ok{{check="{check}"}}) == 0 {answers}' in " ".join(asking.split())


def test_every_alert_has_its_page_and_every_page_its_alert() -> None:
    alerts = [rule["alert"] for rule in rules()]
    pages = re.findall(r"^## (\w+)$", (WATCHING / "runbook.md").read_text(), re.MULTILINE)

    assert alerts == pages
    for rule in rules():
        assert rule["annotations"]["runbook"] == f"docs/watching/runbook.md#{rule['alert'].lower()}"
        assert rule["labels"]["severity"] in {"page", "ticket", "desk"}


def test_every_page_of_the_runbook_says_what_it_means_where_to_look_and_what_to_do() -> None:
    for section in (WATCHING / "runbook.md").read_text().split("\n## ")[1:]:
        words = " ".join(section.split())
        assert all(part in words for part in ("**Means:**", "**Look first at:**", "**Do:**")), words[:40]


def test_every_figure_stands_in_the_docs(busy_house: None) -> None:
    text = (WATCHING.parent / "watching.md").read_text()
    families = re.findall(r"^# TYPE servicedrop_(\w+) ", read().content.decode(), re.MULTILINE)

    assert len(families) >= 18
    assert [name for name in families if f"`{name}`" not in text] == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("token", "proxies", "how", "allowed"),
    [
        ("", 0, {"REMOTE_ADDR": PRIVATE}, True),
        ("", 0, {"REMOTE_ADDR": "::1"}, True),
        ("", 0, {"REMOTE_ADDR": f"::ffff:{PRIVATE}"}, True),
        ("", 0, {"REMOTE_ADDR": PUBLIC}, False),
        ("", 0, {"REMOTE_ADDR": f"::ffff:{PUBLIC}"}, False),
        ("", 0, {"REMOTE_ADDR": "2001:db8::1"}, False),
        ("", 0, {"REMOTE_ADDR": ""}, False),
        ("", 0, {"REMOTE_ADDR": PRIVATE, "HTTP_X_FORWARDED_FOR": PRIVATE}, False),
        ("", 1, {"REMOTE_ADDR": PRIVATE, "HTTP_X_FORWARDED_FOR": f"{PRIVATE}, {PUBLIC}"}, False),
        ("", 1, {"REMOTE_ADDR": PRIVATE, "HTTP_X_FORWARDED_FOR": PRIVATE}, True),
        ("s3cret", 0, {"REMOTE_ADDR": PUBLIC, "HTTP_AUTHORIZATION": "Bearer s3cret"}, True),
        ("s3cret", 0, {"REMOTE_ADDR": PRIVATE, "HTTP_AUTHORIZATION": "Bearer guess"}, False),
        ("s3cret", 0, {"REMOTE_ADDR": PRIVATE}, False),
    ],
)
def test_figures_are_for_those_who_may_read_them(
    settings: Any, token: str, proxies: int, how: dict[str, str], allowed: bool
) -> None:
    settings.METRICS_TOKEN, settings.TRUSTED_PROXIES = token, proxies

    answer = read(**how)

    assert answer.status_code == (200 if allowed else 403)
    assert (b"servicedrop_" in answer.content) is allowed


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/healthz", "/readyz", "/metrics"])
def test_machines_may_ask_by_whatever_name_they_know_us(address: str, caplog: pytest.LogCaptureFixture) -> None:
    answer = Client().get(address, headers={"Host": "10.0.0.7:8000"}, REMOTE_ADDR=PRIVATE)

    assert answer.status_code in {200, 503}
    assert "HTTP_HOST" not in caplog.text


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/admin/login/", "/healthz/", "/field/login/"])
def test_everything_else_is_answered_to_our_own_names_alone(address: str) -> None:
    assert Client().get(address, headers={"Host": "10.0.0.7:8000"}).status_code == 400


def test_no_person_is_in_the_figures(busy_house: None) -> None:
    text = read().content.decode()

    assert not any(word in text for word in ("Jonathan", "4155553333", "Valencia"))


def test_a_stage_that_is_past_its_promise_is_counted(db: None) -> None:
    order = scheduled_application()
    order.provider.promises.create(state="SCHEDULED", working_days=0)
    order.visits.all().delete()
    order.documents.all().delete()
    order.events.update(at=timezone.now() - timedelta(days=30))

    assert figures.count_orders()["SCHEDULED"] == (1, 1)
    cache.clear()
    assert figures.orders_by_stage() == {}


def test_what_hangs_is_given_its_time_and_asked_only_once() -> None:
    asked = []

    def _hanging() -> str:
        asked.append(1)
        time.sleep(1.5)
        return "at last"

    check = Check(_hanging, needed=True, seconds=0.2)
    house = Readiness([check])

    first = house.findings()[0]
    house.forget()
    second = house.findings()[0]

    assert (first.name, first.good, first.says) == ("hanging", False, "no answer within 0.2 s")
    assert not second.good
    assert asked == [1]


def test_what_a_check_raises_tells_no_address() -> None:
    def _broken() -> str:
        raise OSError("could not connect to postgres://the-house's-own-database")

    (found,) = Readiness([Check(_broken, needed=False)]).findings()

    assert found.says == "does not answer (OSError)"


@pytest.mark.django_db(transaction=True)
def test_messages_that_nobody_works_on_are_said(settings: Any) -> None:
    receive(request("search", {"intent": {}}))
    Message.objects.update(due_at=timezone.now() - timedelta(minutes=3))
    readiness.forget()

    said = Client().get("/readyz").json()

    assert said["checks"]["boxes"]["says"].startswith("the inbox is 18")
    assert not said["checks"]["boxes"]["needed"]
