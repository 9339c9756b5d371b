"""Whoever reads of a paper, on a page, at the desk or in a letter, is one press away from it."""

import re
from decimal import Decimal as D

import pytest
from django.test import Client

from billing.models import Voucher
from billing.papers.links import paper_path, pdf_path
from billing.payments import record_payment, return_payment
from connections.actors import Actor
from connections.lifecycle import advance
from connections.models import Application, CancellationTerm
from connections.vocabulary import ApplicationState as S
from tests.billing.money import at_the_cashier, order, paid, refund_page, typed
from tests.connections.letterbox import deliver, forget, only
from tests.factories import SYSTEM, bring_to, staff

pytestmark = pytest.mark.django_db


def links_in(page: str) -> set[str]:
    return set(re.findall(r'href="([^"]+)"', page))


def opens(address: str) -> bool:
    return Client().get(address).status_code == 200


def cashier(*more: str) -> Client:
    client = Client()
    client.force_login(staff("billing.add_payment", "billing.view_payment", *more))
    return client


def test_the_applicants_page_leads_to_each_paper_and_its_file() -> None:
    wanted = order()
    paid(wanted, "200")
    established = bring_to(Application.objects.get(pk=wanted.pk), S.CONNECTION_ESTABLISHED)

    links = links_in(Client().get(f"/track/{established.tracking_id}/").content.decode())

    papers = list(established.vouchers.all())
    assert {paper.kind for paper in papers} == {"DEMAND_NOTE", "RECEIPT", "INVOICE"}
    for paper in papers:
        assert {paper_path(paper), pdf_path(paper)} <= links
        assert opens(paper_path(paper))
        assert opens(pdf_path(paper))


def test_the_cashier_who_took_a_payment_is_led_to_its_receipt_then_and_later() -> None:
    wanted, client = order(), cashier()

    done = client.post(at_the_cashier(wanted), typed(), follow=True).content.decode()

    receipt = paper_path(Voucher.objects.get(kind="RECEIPT"))
    assert receipt in links_in(done)
    assert receipt in links_in(client.get(at_the_cashier(wanted), follow=True).content.decode())
    assert opens(receipt)


def test_whoever_paid_back_is_led_to_the_refund_note() -> None:
    wanted, client = order(), cashier("billing.refund_payment")
    paid(wanted, "210")

    asked = typed(amount="10.00", method="CASH")
    client.post(refund_page(wanted), asked)
    done = client.post(refund_page(wanted), {**asked, "agreed": "10.00"}, follow=True).content.decode()

    assert paper_path(Voucher.objects.get(kind="REFUND_NOTE")) in links_in(done)


def test_the_letter_about_a_payment_leads_to_its_receipt_and_to_no_other() -> None:
    wanted = order()
    paid(wanted, "50")
    forget()
    record_payment(wanted, amount=D("150"), actor=SYSTEM)

    deliver()

    receipts = [paper_path(paper) for paper in Voucher.objects.filter(kind="RECEIPT")]
    assert [path in only().html for path in receipts] == [False, True]


def test_the_letter_about_money_that_went_back_leads_to_the_refund_note() -> None:
    wanted = order()
    paid(wanted, "210")
    forget()
    return_payment(wanted, amount=D("10"), method="CASH", actor=SYSTEM)

    deliver()

    assert paper_path(Voucher.objects.get(kind="REFUND_NOTE")) in only().html


def test_the_letter_that_asks_for_money_leads_to_the_demand_note() -> None:
    wanted = order()

    deliver()

    assert paper_path(wanted.vouchers.get()) in only().html


def test_the_letter_about_an_end_leads_to_the_bill_for_its_fee() -> None:
    wanted = bring_to(order(), S.TECHNICIAN_ASSIGNED)
    CancellationTerm.objects.create(provider=wanted.provider, state=wanted.fulfillment_state, fee_percent=10)
    forget()
    advance(wanted, "cancel", actor=Actor.buyer_app("bap.example"), reason="Moved away")

    deliver()

    assert paper_path(wanted.vouchers.get(kind="INVOICE")) in only().html


def test_the_letter_about_the_power_leads_to_the_invoice() -> None:
    wanted = order()
    paid(wanted, "50")
    established = bring_to(Application.objects.get(pk=wanted.pk), S.APPROVED)
    forget()
    established = bring_to(established, S.CONNECTION_ESTABLISHED)

    deliver()

    assert paper_path(established.vouchers.get(kind="INVOICE")) in only(established).html
