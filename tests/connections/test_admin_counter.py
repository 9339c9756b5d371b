"""Taking an application at the counter."""

from decimal import Decimal
from typing import Any

import pytest

from connections.models import Application, Event
from connections.vocabulary import ApplicationState as S
from fieldwork.models import VisitState
from tests.connections.desk import (
    APPLICATIONS,
    boss,
    counter_entry,
    management_forms,
    page_of,
    state_of,
    step,
)
from tests.factories import (
    JONATHAN,
    application,
    offering,
    scheduled_application,
)

pytestmark = pytest.mark.django_db


def test_application_taken_at_the_counter_becomes_an_order_with_number_quote_and_visit() -> None:
    offering()
    client = boss()

    opened = client.post(f"{APPLICATIONS}add/", counter_entry())
    draft = Application.objects.get()
    assert opened.status_code == 302
    assert (draft.source, draft.source_reference, draft.fulfillment_state) == ("counter", "P-17", S.DRAFT)
    assert (draft.quote.total, draft.documents.count()) == (Decimal("200"), 3)
    assert Event.objects.get(kind="application.opened").actor == "staff anna"

    client.post(step(draft, "schedule"))
    order = Application.objects.get()
    assert (order.number, order.fulfillment_state) == (f"conn-order-{order.pk:03d}", S.SCHEDULED)
    assert order.visits.get().state == VisitState.SCHEDULED


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"requested_load_kw": "25"}, "requested_load_kw", "serves loads from 0 to 10 kW"),
        ({"latitude": "40.7", "longitude": "-74.0"}, "address", "does not serve this place"),
        ({"applicant_phone": ""}, "applicant_phone", "Give a telephone number or an e-mail address."),
        ({"longitude": ""}, "longitude", "A position needs latitude and longitude together."),
        ({"latitude": "95"}, "latitude", "less than or equal to 90"),
    ],
)
def test_refusal_at_the_counter_stands_beside_its_field_and_nothing_typed_is_lost(
    changes: dict[str, str], field: str, words: str
) -> None:
    offering()

    response = boss().post(f"{APPLICATIONS}add/", counter_entry(**changes))

    form = response.context["adminform"].form
    assert words in " ".join(form.errors[field])
    assert 'value="123 Valencia Street"' in response.content.decode()
    assert not Application.objects.exists()


def test_reference_that_is_ordered_already_is_refused_beside_the_reference() -> None:
    order = scheduled_application(source_reference="P-17")

    form = boss().post(f"{APPLICATIONS}add/", counter_entry()).context["adminform"].form

    assert form.errors["source_reference"] == [f"This application is already ordered as {order.number}."]


def test_slip_of_the_pen_does_not_write_over_another_draft() -> None:
    draft = application(source_reference="P-17")

    form = boss().post(f"{APPLICATIONS}add/", counter_entry(applicant_name="Somebody Else")).context["adminform"].form

    assert "a draft is open already" in form.errors["source_reference"][0]
    assert Application.objects.get().applicant_name == draft.applicant_name


def test_position_copied_from_a_map_is_rounded() -> None:
    offering()

    boss().post(f"{APPLICATIONS}add/", counter_entry(latitude="37.77492950123", longitude="-122.41941550987"))

    taken = Application.objects.get()
    assert (taken.latitude, taken.longitude) == (Decimal("37.774930"), Decimal("-122.419416"))


def test_counter_draft_is_corrected_and_quoted_anew() -> None:
    draft = application(
        source_reference="P-17",
        offering=offering(lines=[{"title": "Capacity", "kind": "PER_KW", "amount": Decimal(10)}]),
    )

    client = boss()
    changes = {"requested_load_kw": "8", "applicant_name": "Jonathan A. Park"}

    client.post(page_of(draft), {**counter_entry(**changes), **management_forms(client, draft)})

    corrected = Application.objects.get()
    assert (corrected.applicant_name, corrected.quote.total) == ("Jonathan A. Park", Decimal("80"))
    assert Event.objects.get(kind="application.revised").actor == "staff anna"


@pytest.mark.parametrize(
    "make",
    [
        lambda: application(source="buyer.test", source_reference="tx-1"),
        lambda: scheduled_application(source_reference="P-17"),
    ],
    ids=["a buyer app's draft", "an order"],
)
def test_what_is_not_a_counter_draft_is_only_read(make: Any) -> None:
    row, client = make(), boss()

    assert 'name="applicant_name"' not in client.get(page_of(row)).content.decode()
    assert client.post(page_of(row), counter_entry(applicant_name="Changed")).status_code == 403
    assert Application.objects.get().applicant_name == JONATHAN.applicant_name


def test_desk_does_not_order_in_a_buyer_apps_name() -> None:
    draft = application(source="buyer.test", source_reference="tx-1")

    assert boss().post(step(draft, "schedule")).status_code == 404
    assert state_of(draft) == S.DRAFT
