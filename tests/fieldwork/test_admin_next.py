"""Who has the ball in the field: told on the page of the application, with the button that leads there."""

from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils.html import strip_tags

from connections.actors import Actor
from connections.models import Application
from connections.vocabulary import ApplicationState as S
from fieldwork.models import Technician, Visit
from fieldwork.services import assign_visit, call_off_visits
from tests.connections.desk import boss, clerk, page_of, step
from tests.factories import SYSTEM, application_in, scheduled_application
from tests.fieldwork.premises import assessment, installation, ravi

pytestmark = pytest.mark.django_db


def panel_of(client: Client, order: Application) -> dict[str, Any]:
    panel: dict[str, Any] = client.get(page_of(order)).context["panel"]
    return {**panel, "next": dict(panel["facts"])["Next"]}


@pytest.mark.parametrize(("state", "kind"), [(S.SCHEDULED, "assessment"), (S.APPROVED, "installation")])
def test_a_visit_that_nobody_is_on_waits_for_the_desk_and_the_first_button_leads_there(state: str, kind: str) -> None:
    order = application_in(state)

    panel = panel_of(boss(), order)

    assert panel["next"] == f"You: put a technician on the {kind} visit."
    first = panel["buttons"][0]
    assert (first["address"], first["quiet"]) == (step(order.visits.get(kind=kind.upper()), "assign"), False)


def test_with_a_technician_on_it_the_technician_is_next() -> None:
    visit = installation()
    visit.application.visits.exclude(pk=visit.pk).delete()  # the factories skip the assessment
    assign_visit(visit, technician=ravi(), actor=SYSTEM)

    panel = panel_of(boss(), visit.application)

    assert panel["next"] == "The technician: install the meter and switch on."
    assert step(visit, "assign") not in [button["address"] for button in panel["buttons"]]


def test_a_technician_who_is_not_active_any_more_is_replaced() -> None:
    visit = assessment()
    assign_visit(visit, technician=ravi(), actor=SYSTEM)
    Technician.objects.update(active=False)

    panel = panel_of(boss(), visit.application)

    assert panel["next"] == "You: put somebody else on the assessment visit. Ravi Kumar is not active any more."
    assert panel["buttons"][0]["address"] == step(visit, "assign")


def test_after_a_visit_was_called_off_another_one_is_added() -> None:
    order = scheduled_application()
    call_off_visits(order, reason="The street is closed", actor=Actor.system("test"))
    client = boss()

    panel = panel_of(client, order)

    assert panel["next"] == "You: add an assessment visit, there is none to come."
    form = client.get(panel["buttons"][0]["address"]).context["adminform"].form
    assert (form.initial["application"], form.initial["kind"]) == (str(order.pk), Visit.Kind.ASSESSMENT)


def test_who_may_not_plan_visits_has_no_button_to_it() -> None:
    order = scheduled_application()

    panel = panel_of(clerk("fieldwork.view_visit"), order)

    assert panel["next"] == "You: put a technician on the assessment visit."
    assert panel["buttons"] == []


def test_switching_off_a_technician_tells_of_the_visits_that_are_still_theirs() -> None:
    visit, worker, client = assessment(), ravi(), boss()
    assign_visit(visit, technician=worker, actor=SYSTEM)
    form = client.get(page_of(worker)).context["adminform"].form
    as_shown = {name: form[name].value() for name in form.fields if name != "active"}

    page = client.post(
        page_of(worker), {name: "" if value is None else value for name, value in as_shown.items()}, follow=True
    )

    told = str(next(iter(page.context["messages"])))
    assert "Ravi Kumar is not active and still has 1 visit to make. Put somebody else on it." in strip_tags(told)
    assert not Technician.objects.get().active
    link = unescape(told.partition("href='")[2].partition("'")[0])
    assert list(client.get(link).context["cl"].result_list) == [visit]
