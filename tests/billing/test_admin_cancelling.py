"""Staff cancel an order on the applicant's behalf: the fee of the terms is said first, and kept."""

from decimal import Decimal as D

import pytest

from beckn_adapter.translate.endings import write_ending
from billing.ledger import account_of
from connections.models import Application, CancellationTerm
from tests.billing.money import order, paid, text_of
from tests.connections.desk import boss, state_of, step

pytestmark = pytest.mark.django_db


def order_with_a_fee(percent: str = "10") -> Application:
    """Of 200; 50 came in."""
    wanted = order()
    CancellationTerm.objects.create(provider=wanted.provider, state=wanted.fulfillment_state, fee_percent=D(percent))
    paid(wanted, "50")
    return wanted


def test_what_cancelling_costs_is_said_before() -> None:
    page = text_of(boss(), step(order_with_a_fee(), "cancel"))

    assert "The applicant asked for it: keep the fee of the terms" in page
    assert "The fee is 20.00 USD: 30.00 USD is due back." in page
    assert "If the applicant did not ask, there is no fee: 50.00 USD is due back." in page


def test_a_fee_above_what_came_in_is_said_to_be_still_due() -> None:
    assert "The fee is 100.00 USD: 50.00 USD is still to be paid." in text_of(
        boss(), step(order_with_a_fee("50"), "cancel")
    )


def test_where_the_terms_keep_nothing_that_is_said() -> None:
    wanted = order()
    paid(wanted, "50")

    assert "nothing is kept now, whoever asked: 50.00 USD is due back." in text_of(boss(), step(wanted, "cancel"))


@pytest.mark.parametrize(("asked", "due_back", "cancelled_by"), [("on", "30", "CONSUMER"), ("", "50", "PROVIDER")])
def test_the_fee_is_kept_only_where_the_applicant_asked(asked: str, due_back: str, cancelled_by: str) -> None:
    wanted = order_with_a_fee()

    boss().post(step(wanted, "cancel"), {"reason": "Moved away", "asked_by_applicant": asked})

    ended = Application.objects.get()
    assert (state_of(wanted), account_of(ended).refund_due) == ("CANCELLED", D(due_back))
    assert write_ending(ended, "guide")["cancellation"]["cancelled_by"] == cancelled_by
