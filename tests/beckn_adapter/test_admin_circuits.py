"""The desk sees which hosts are paused, and can let one be tried at once."""

from datetime import timedelta

import pytest
from django.utils import timezone

from beckn_adapter.circuit import state_of
from beckn_adapter.models import Circuit
from connections.admin import moment
from tests.beckn_adapter.test_admin import callback
from tests.connections.desk import boss, browser_of, page_of, step
from tests.factories import staff

pytestmark = pytest.mark.django_db
CIRCUITS = "/admin/beckn_adapter/circuit/"


def paused(host: str = "buyer.test:8443") -> Circuit:
    now = timezone.now()
    return Circuit.objects.create(
        host=host, failures=7, openings=2, reason="502", failed_at=now, probe_at=now + timedelta(seconds=30)
    )


def test_the_list_shows_what_is_paused_and_why() -> None:
    paused()
    Circuit.objects.create(host="fine.test")

    page = boss().get(CIRCUITS).content.decode()
    only_paused = boss_page({"state": "paused"})

    for words in ("buyer.test:8443", "Paused", "502", "Answers", "Not paused: callbacks go out as they come"):
        assert words in page, words
    assert "fine.test" not in only_paused


def boss_page(query: dict[str, str]) -> str:
    return browser_of(staff("beckn_adapter.view_circuit")).get(CIRCUITS, query).content.decode()


def test_probe_now_is_asked_first_and_done_by_post() -> None:
    row, client = paused(), boss()

    assert "One waiting callback tries at once." in client.get(step(row, "probe_now")).content.decode()
    assert state_of(Circuit.objects.get(), timezone.now()) == "OPEN"

    client.post(step(row, "probe_now"))
    assert state_of(Circuit.objects.get(), timezone.now()) == "HALF_OPEN"


def test_who_may_only_look_probes_nothing() -> None:
    row, client = paused(), browser_of(staff("beckn_adapter.view_circuit"))

    assert step(row, "probe_now") not in client.get(page_of(row)).content.decode()
    assert "may not probe a host" in client.post(step(row, "probe_now")).content.decode()
    assert state_of(Circuit.objects.get(), timezone.now()) == "OPEN"


def test_a_callback_says_how_long_it_has_waited_for_a_host_that_is_paused() -> None:
    now = timezone.now()
    Circuit.objects.filter(pk=paused().pk).update(waiting_since=now - timedelta(minutes=20))
    waiting = callback(host="buyer.test:8443", state="DUE", waited_seconds=600, due_at=now - timedelta(minutes=90))

    page = boss().get(page_of(waiting)).content.decode()

    assert "60 min of trying, 30 of them used" in page


def test_a_callback_to_a_paused_host_says_that_it_goes_when_the_host_answers_and_when_that_is_tried() -> None:
    row = paused()
    waiting = callback(host="buyer.test:8443", state="DUE", due_at=timezone.now() - timedelta(minutes=90))

    page = boss().get(page_of(waiting)).content.decode()

    assert page.count(f"When its host answers again, which is tried next {moment(row.probe_at)}") == 2
    assert moment(waiting.due_at) not in page


def test_a_callback_to_a_host_that_answers_says_when_it_is_tried() -> None:
    due_at = timezone.now() + timedelta(minutes=90)
    waiting = callback(host="buyer.test:8443", state="DUE", due_at=due_at)

    page = boss().get(page_of(waiting)).content.decode()

    assert page.count(moment(due_at)) == 2
