"""With a state its own status and its own time are told, however late the news is."""

from datetime import UTC, datetime

import pytest

from beckn_adapter.acts import the_act_is_over
from beckn_adapter.translate.context import write_time
from beckn_adapter.translate.endings import write_connection
from connections.models import Application, Event
from connections.services import amend_application
from tests.beckn_adapter.conversation import place_order
from tests.beckn_adapter.test_announce import announce_all, told
from tests.factories import SYSTEM, bring_to

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("guide")]
STEPS = [f"application.{step}" for step in ("technician_assigned", "assessment_completed", "approved")]


@pytest.fixture
def order() -> Application:
    place_order()
    announce_all()
    return Application.objects.get()


def test_news_told_late_tell_the_status_and_the_time_of_their_own_state(order: Application) -> None:
    for state in ("TECHNICIAN_ASSIGNED", "ASSESSMENT_COMPLETED", "APPROVED", "CONNECTION_ESTABLISHED"):
        order = bring_to(order, state)
        the_act_is_over()

    announce_all()

    said = {}
    for message in told():
        late = message["message"]["order"]
        state = late["fulfillments"][0]["state"]
        said[state["descriptor"]["code"]] = (late["tags"][0]["list"][0]["value"], state["updated_at"])
    reached = {event.state: write_time(event.at) for event in Event.objects.filter(kind__in=STEPS).order_by("id")}
    assert said == {
        "TECHNICIAN_ASSIGNED": ("IN_PROGRESS", reached["TECHNICIAN_ASSIGNED"]),
        "ASSESSMENT_COMPLETED": ("IN_PROGRESS", reached["ASSESSMENT_COMPLETED"]),
        "APPROVED": ("IN_PROGRESS", reached["APPROVED"]),
        "CONNECTION_ESTABLISHED": ("COMPLETED", write_time(order.ended_at)),
    }


def test_a_change_of_something_else_leaves_the_time_of_the_state_as_it_was(order: Application) -> None:
    amend_application(order, changes={"billing_name": "Maria Park"}, actor=SYSTEM)
    announce_all()

    state = told()[-1]["message"]["order"]["fulfillments"][0]["state"]
    assert state["updated_at"] == write_time(Application.objects.get().ordered_at)


def test_the_connection_starts_on_the_utilitys_day(order: Application) -> None:
    bring_to(order, "CONNECTION_ESTABLISHED")
    evening = datetime(2026, 12, 2, 2, 0, tzinfo=UTC)
    Application.objects.update(energised_at=evening)  # 18:00 of the day before in San Francisco

    details = write_connection(Application.objects.get(), "guide")

    values = {tag["descriptor"]["code"]: tag["value"] for tag in details["list"]}
    assert values["connection_start_date"] == "2026-12-01"
