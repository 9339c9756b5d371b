"""Which orders may owe something: the list of what is due finds them by it, and never misses one."""

from decimal import Decimal as D

import pytest

from billing.owing import note_who_owes_nothing
from billing.payments import reverse_payment
from connections.models import Application
from connections.services import amend_application
from tests.billing.money import order, paid
from tests.factories import SYSTEM, offering

pytestmark = pytest.mark.django_db
BY_LOAD = [{"title": "Power", "amount": D(10), "kind": "PER_KW"}]
ALL_AT_ONCE = [{"type": "PRE_FULFILLMENT", "collected_by": "BPP", "percent": D(100)}]


def owes(of: Application) -> bool:
    return Application.objects.values_list("owes", flat=True).get(pk=of.pk)


def test_an_order_owes_until_the_last_of_it_is_paid() -> None:
    ours = order()
    found = [owes(ours)]

    for amount in ("50", "149", "1"):
        paid(ours, amount)
        found.append(owes(ours))

    assert found == [True, True, True, False]


def test_it_owes_again_when_a_payment_is_taken_back() -> None:
    ours = order()
    payment = paid(ours, "200")

    reverse_payment(payment, actor=SYSTEM, reason="The cheque bounced")

    assert owes(ours)


def test_a_dearer_order_owes_again() -> None:
    ours = order(offering=offering(lines=BY_LOAD, terms=ALL_AT_ONCE))
    paid(ours, "50")
    assert not owes(ours)

    amend_application(ours, changes={"requested_load_kw": D(8)}, actor=SYSTEM)

    assert owes(ours)


def test_what_is_still_true_of_old_orders_is_noted_once() -> None:
    settled, owing = order(), order()
    paid(settled, "200")
    Application.objects.update(owes=True)

    assert note_who_owes_nothing() == 1
    assert note_who_owes_nothing() == 0
    assert (owes(settled), owes(owing)) == (False, True)


def test_what_an_older_release_asked_for_is_noted_too() -> None:
    owing = order()
    Application.objects.update(owes=False)

    assert note_who_owes_nothing() == 0
    assert owes(owing)
