"""Papers at the desk: looked up, looked at, tried before they are issued, and asked for with one confirmation."""

from decimal import Decimal as D
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from billing.models import Voucher
from billing.papers.pdf import as_pdf
from billing.payments import record_payment
from connections.models import Application
from tests.billing.paper_trail import demand_note, draft_for, page_address
from tests.connections.desk import boss, clerk, page_of
from tests.factories import SYSTEM, bring_to

pytestmark = pytest.mark.django_db
PAPERS = "/admin/billing/voucher/"


@pytest.fixture
def order() -> Application:
    return bring_to(draft_for(), "SCHEDULED")


def preview(order: Application, kind: str) -> str:
    return reverse("admin:billing_voucher_preview", args=[order.pk, kind])


def issue(order: Application) -> str:
    return reverse("admin:billing_voucher_issue", args=[order.pk])


def text(reply: Any) -> str:
    assert reply.status_code == 200
    return reply.content.decode()


def test_the_list_says_of_every_paper_how_it_stands(order: Application) -> None:
    receipt = record_payment(order, amount=D(20), actor=SYSTEM).voucher

    page = text(boss().get(PAPERS))

    assert demand_note(order).number in page
    assert receipt.number in page
    assert "Paid in part, 30.00 USD is open" in page


def test_the_orders_page_asks_the_ledger_as_often_for_many_papers_as_for_two(order: Application) -> None:
    record_payment(order, amount=D(10), actor=SYSTEM)
    client = boss()
    client.get(page_of(order))
    with CaptureQueriesContext(connection) as for_two:
        client.get(page_of(order))
    for _ in range(3):
        record_payment(order, amount=D(10), actor=SYSTEM)

    with CaptureQueriesContext(connection) as for_five:
        client.get(page_of(order))

    asked_for_two, asked_for_five = ([q for q in seen if "billing_" in q["sql"]] for seen in (for_two, for_five))
    assert order.vouchers.count() == 5
    assert len(asked_for_five) == len(asked_for_two) <= 27


def test_a_long_list_asks_the_database_no_more_than_a_short_one(
    order: Application, django_assert_max_num_queries: Any
) -> None:
    client = boss()
    for _ in range(5):
        record_payment(bring_to(draft_for(), "SCHEDULED"), amount=D(20), actor=SYSTEM)
    client.get(PAPERS)

    with django_assert_max_num_queries(11):
        client.get(PAPERS)


def test_a_paper_is_shown_as_it_is_with_its_links(order: Application) -> None:
    note, client = demand_note(order), boss()

    page = text(client.get(page_of(note)))
    picture = reverse("admin:billing_voucher_picture", args=[note.pk, 0])

    assert page_address(note) in page
    assert picture in page
    assert client.get(picture)["Content-Type"] == "image/png"
    assert client.get(reverse("admin:billing_voucher_picture", args=[note.pk, 9])).status_code == 404


def test_whoever_opens_a_paper_with_its_pictures_has_it_drawn_once(order: Application) -> None:
    note, client = demand_note(order), boss()
    as_pdf.cache_clear()

    client.get(page_of(note))
    client.get(reverse("admin:billing_voucher_picture", args=[note.pk, 0]))

    assert as_pdf.cache_info().misses == 1


def test_nobody_changes_adds_or_deletes_a_paper(order: Application) -> None:
    note, client = demand_note(order), boss()

    assert client.get(f"{PAPERS}add/").status_code == 403
    assert client.post(f"{PAPERS}{note.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.post(page_of(note), {"number": "DN-1"}).status_code == 403
    assert demand_note(order).number == note.number


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("demand-note", "Demand note: 50.00 USD to be paid by"),
        ("demand-note-for-all", "Demand note: 200.00 USD to be paid by"),
        ("invoice", "Invoice: 200.00 USD to be paid by"),
    ],
)
def test_a_paper_can_be_seen_before_it_is_issued(order: Application, kind: str, told: str) -> None:
    page = text(boss().get(preview(order, kind)))

    assert told in page
    assert page.count("Preview, not issued") == 2  # above the sheet, and across it
    assert ": preview, not issued" in page
    assert "/genuine/" not in page
    assert Voucher.objects.count() == 1


def test_the_page_of_an_application_leads_to_its_papers_and_previews(order: Application) -> None:
    page = text(boss().get(page_of(order)))

    assert page_address(demand_note(order)) in page
    for address in (preview(order, "demand-note"), preview(order, "invoice"), issue(order)):
        assert address in page


def test_what_makes_no_sense_is_not_offered(order: Application) -> None:
    record_payment(order, amount=D(200), actor=SYSTEM)
    done = bring_to(order, "CONNECTION_ESTABLISHED")

    page = text(boss().get(page_of(done)))

    assert preview(order, "demand-note") not in page
    assert preview(order, "invoice") not in page
    assert issue(order) not in page


def test_a_draft_has_no_papers_to_preview() -> None:
    draft, client = draft_for(), boss()

    assert "voucher/preview" not in text(client.get(page_of(draft)))
    assert client.get(preview(draft, "invoice")).status_code == 404


def test_a_demand_note_is_issued_with_one_confirmation(order: Application) -> None:
    client = boss()

    assert "It can not be taken back" in text(client.get(issue(order)))
    assert Voucher.objects.count() == 1
    reply = client.post(issue(order), {"everything": "on"})

    issued = Voucher.objects.latest("id")
    assert (reply.status_code, reply["Location"]) == (302, page_of(issued))
    assert (issued.total, issued.issued_by) == (D(200), "staff anna")
    assert order.events.filter(kind="voucher.issued").count() == 2


def test_a_demand_note_for_nothing_is_refused_in_words(order: Application) -> None:
    record_payment(order, amount=D(50), actor=SYSTEM)

    page = text(boss().post(issue(order), {}))

    assert "Nothing is open before the work; ask for everything that is open instead." in page
    assert Voucher.objects.filter(kind="DEMAND_NOTE").count() == 1


def test_looking_and_issuing_need_their_permissions(order: Application) -> None:
    stranger, reader = clerk(), clerk("billing.view_voucher")
    note = demand_note(order)

    for address in (PAPERS, page_of(note), preview(order, "invoice"), issue(order)):
        assert stranger.get(address).status_code == 403
    assert stranger.get(reverse("admin:billing_voucher_picture", args=[note.pk, 0])).status_code == 403
    assert reader.get(preview(order, "invoice")).status_code == 200
    assert reader.post(issue(order), {"everything": "on"}).status_code == 403
    assert issue(order) not in text(reader.get(page_of(order)))
    assert Voucher.objects.count() == 1
