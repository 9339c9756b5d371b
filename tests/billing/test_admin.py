"""Taking payments at the desk."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.models import Instalment, Payment
from connections.models import Event
from connections.vocabulary import ApplicationState as S
from tests.connections.desk import (
    boss,
    browser_of,
    page_of,
)
from tests.factories import (
    application_in,
    scheduled_application,
    staff,
)

pytestmark = pytest.mark.django_db


ADD = "/admin/billing/payment/add/"


def instalment() -> Instalment:
    """Of an order under way: USD 150 when power is on."""
    return scheduled_application().instalments.get()


def payment(of: Instalment, **changes: str) -> dict[str, Any]:
    return {"instalment": of.pk, "amount": "150.00", "reference": "TR-1", **changes}


def test_payment_is_recorded_once_and_by_name() -> None:
    due, client = instalment(), boss()

    client.post(ADD, payment(due))
    again = client.post(ADD, payment(due))

    assert (Payment.objects.get().amount, Payment.objects.get().instalment) == (Decimal("150"), due)
    assert Event.objects.get(kind="payment.recorded").actor == "staff anna"
    assert "already exists" in again.content.decode()


def test_form_proposes_what_is_still_open() -> None:
    due, client = instalment(), boss()
    client.post(ADD, payment(due, amount="100.00"))

    page = client.get(f"{ADD}?instalment={due.pk}").content.decode()

    assert 'value="50.00"' in page
    assert str(due.application) in page


@pytest.mark.parametrize("amount", ["0", "-5", "a lot"])
def test_payment_of_nothing_is_refused(amount: str) -> None:
    boss().post(ADD, payment(instalment(), amount=amount))

    assert not Payment.objects.exists()


@pytest.mark.parametrize("named", ["", "?instalment=", "?instalment=x", "?instalment=²"])
def test_without_an_instalment_the_open_ones_are_shown(named: str) -> None:
    response = boss().get(f"{ADD}{named}")

    assert response["Location"] == "/admin/billing/instalment/?open=yes"


def test_payments_are_neither_changed_nor_deleted() -> None:
    due, client = instalment(), boss()
    client.post(ADD, payment(due))
    row = Payment.objects.get()

    assert client.get(page_of(row)).status_code == 200
    assert client.post(page_of(row), payment(due, amount="1")).status_code == 403
    assert client.post(f"/admin/billing/payment/{row.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Payment.objects.get().amount == Decimal("150")


def test_taking_money_needs_its_permission() -> None:
    due = instalment()
    client = browser_of(staff("billing.view_payment", "billing.view_instalment"))

    assert client.post(ADD, payment(due)).status_code == 403
    assert "Record a payment" not in client.get("/admin/billing/instalment/").content.decode()


def test_list_of_instalments_knows_open_from_paid_and_forgets_ended_orders() -> None:
    due, ended = instalment(), application_in(S.CANCELLED)
    client = boss()

    def shown(**query: str) -> list[int]:
        return [row.pk for row in client.get("/admin/billing/instalment/", query).context["cl"].result_list]

    assert shown(open="yes") == [due.pk]
    client.post(ADD, payment(due))
    assert (shown(open="yes"), shown(open="no")) == ([], [due.pk])
    assert len(shown()) == 1 + ended.instalments.count()


def test_list_of_instalments_asks_as_many_queries_for_three_rows_as_for_one() -> None:
    client = boss()
    instalment()
    client.get("/admin/billing/instalment/")
    with CaptureQueriesContext(connection) as for_one:
        client.get("/admin/billing/instalment/")
    instalment()
    instalment()

    with CaptureQueriesContext(connection) as for_three:
        response = client.get("/admin/billing/instalment/")

    assert len(response.context["cl"].result_list) == 3
    assert len(for_three) == len(for_one)
