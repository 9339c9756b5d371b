"""Papers: page and PDF say the same, for ever; the QR leads to a page that says whether a paper is genuine."""

import re
from decimal import Decimal as D

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client

from billing.models import Voucher
from billing.papers.links import genuine_url, paper_url, pdf_path
from billing.papers.pages import mask
from billing.payments import record_payment, return_payment, reverse_payment
from billing.vouchers import issue_demand_note
from connections.actors import Actor
from connections.lifecycle import advance
from connections.models import Application, CancellationTerm, Provider
from tests.billing.paper_trail import (
    agency,
    demand_note,
    draft_for,
    page_address,
    page_of,
    pdf_of,
    qr_of,
    sizes_of,
    text_of_pdf,
    with_deposit,
    words_of_page,
    words_of_pdf,
)
from tests.factories import SYSTEM, bring_to, offering, provider

pytestmark = pytest.mark.django_db
A4, LETTER = {(210, 297)}, {(216, 279)}


def ordered(name: str = "Jonathan Park") -> Application:
    return bring_to(draft_for(name), "SCHEDULED")


def cancelled_with_a_fee() -> tuple[Application, Voucher]:
    order = ordered()
    CancellationTerm.objects.create(provider=order.provider, state="SCHEDULED", fee_percent=D(10))
    record_payment(order, amount=D(50), actor=SYSTEM)
    ended = advance(order, "cancel", actor=Actor.buyer_app("bap.example"), reason="Moved away")
    return ended, ended.vouchers.get(kind="INVOICE")


def invoice() -> Voucher:
    order = ordered()
    record_payment(order, amount=D(50), actor=SYSTEM)
    return bring_to(order, "CONNECTION_ESTABLISHED").vouchers.get(kind="INVOICE")


def receipt() -> Voucher:
    return record_payment(ordered(), amount=D(50), method="CARD", reference="pi_3Nq", actor=SYSTEM).voucher


def refund_note() -> Voucher:
    ended, _ = cancelled_with_a_fee()
    return return_payment(ended, amount=D(30), method="BANK_TRANSFER", actor=SYSTEM).voucher


# --- The page and the PDF -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "lead"),
    [
        (lambda: demand_note(ordered()), "Demand note: 50.00 USD to be paid by"),
        (invoice, "Invoice: 150.00 USD to be paid by"),
        (lambda: cancelled_with_a_fee()[1], "Invoice: you get 30.00 USD back, nothing is to be paid"),
        (receipt, "Receipt: 50.00 USD received with thanks"),
        (refund_note, "Refund note: 30.00 USD paid back to you"),
    ],
    ids=["demand note", "invoice", "cancellation fee", "receipt", "refund note"],
)
def test_page_and_pdf_say_the_same_and_the_first_line_says_how_much(make: object, lead: str) -> None:
    voucher: Voucher = make()  # type: ignore[operator]

    page, pdf = page_of(voucher), pdf_of(voucher)

    assert words_of_page(page) == words_of_pdf(pdf)
    assert re.search(rf"<h1>{lead}", page)
    assert lead in text_of_pdf(pdf)


def test_a_bill_names_issuer_addressee_order_lines_and_how_to_pay() -> None:
    text = " ".join(text_of_pdf(pdf_of(invoice())).split())

    for told in (
        "San Francisco Electric Authority, a public agency 525 Golden Gate Avenue San Francisco, CA 94102",
        "Tax number 94-1234567",
        "How to pay By bank transfer to account 000123456, naming the order. At the counter, 9:00 to 16:00.",
        "To Jonathan Park",
        "Address 123 Valencia Street",
        "Order conn-order-",
        "Connection fee 200.00 USD",
        "Total 200.00 USD Received 50.00 USD To be paid 150.00 USD",
        "Invoice INV-",
    ):
        assert told in text


def test_a_provider_that_says_not_how_to_pay_is_asked() -> None:
    with_deposit(provider=agency(payment_instructions=""))

    assert "How to pay Ask us: +1 800 432 1234 or support@sfea.gov" in " ".join(
        text_of_pdf(pdf_of(demand_note(ordered()))).split()
    )


@pytest.mark.parametrize(
    ("currency", "deposit", "told", "size"),
    [
        ("USD", "1250.5", "1,250.50 USD", LETTER),
        ("KWD", "1250.5", "1,250.500 KWD", A4),
        ("JPY", "20001", "20,001 JPY", A4),
    ],
)
def test_amounts_have_their_currencys_places_and_the_sheet_is_the_one_of_its_offices(
    currency: str, deposit: str, told: str, size: set[tuple[int, int]]
) -> None:
    for other in {"USD", "KWD"} - {currency}:
        provider(code=f"other-{other}", currency=other, area=False)
    utility = provider(code="the-one", currency=currency, area=False)
    terms = ({"type": "PRE_ORDER", "collected_by": "BPP", "amount": D(deposit)},)
    lines = ({"title": "Connection fee", "amount": D(deposit)},)
    note = demand_note(bring_to(draft_for(offering=offering(provider=utility, terms=terms, lines=lines)), "SCHEDULED"))

    page, pdf = page_of(note), pdf_of(note)

    assert f"Demand note: {told} to be paid" in page
    assert text_of_pdf(pdf).count(told) == 5  # the first line, a part, what is due, a line, the total
    assert words_of_page(page) == words_of_pdf(pdf)
    assert sizes_of(pdf) == size
    assert (sizes_of(pdf_of(note, "a4")), sizes_of(pdf_of(note, "letter"))) == (A4, LETTER)


def test_an_unknown_size_is_not_believed() -> None:
    assert sizes_of(pdf_of(receipt(), "poster")) == LETTER


def test_a_long_paper_goes_over_several_pages_and_loses_nothing() -> None:
    lines = [
        {"title": f"Line {n}, with a title as long as some have it in their catalogue", "amount": D(n)}
        for n in range(1, 61)
    ]
    note = demand_note(bring_to(draft_for(offering=with_deposit(lines=lines)), "SCHEDULED"))

    pdf = pdf_of(note)
    text = " ".join(text_of_pdf(pdf).split())

    pages = int(re.findall(r"page \d of (\d)", text)[0])
    assert pages > 1
    assert re.findall(r"page (\d) of", text) == [str(n + 1) for n in range(pages)]
    assert all(
        f"Line {n}, with a title as long as some have it in their catalogue {n}.00 USD" in text for n in range(1, 61)
    )
    assert qr_of(pdf) == genuine_url(note)


@pytest.mark.parametrize(
    "name",
    ["Παναγιώτης Παπαδόπουλος", "Александр Достоевский", "Nguyễn Thị Phương Uyên", "王小明 山田太郎 김철수"],
)
def test_a_name_is_printed_in_its_own_script(name: str) -> None:
    note = demand_note(ordered(name))

    assert name in text_of_pdf(pdf_of(note))
    assert words_of_page(page_of(note)) == words_of_pdf(pdf_of(note))


@pytest.mark.parametrize("name", ["रविन्द्र किशोर श्रीवास्तव", "محمد بن راشد", "வெங்கடேசன்"])
def test_a_script_whose_letters_join_is_embedded_with_its_own_typeface(name: str) -> None:
    pdf = pdf_of(demand_note(ordered(name)))

    assert "\N{REPLACEMENT CHARACTER}" not in text_of_pdf(pdf)
    assert re.search(rb"/BaseFont /MPDF\w+\+NotoSans(Devanagari|Arabic|Tamil)", pdf)


def test_a_sign_that_no_typeface_has_is_shown_as_missing_and_a_control_not_at_all() -> None:
    assert "Anna \N{REPLACEMENT CHARACTER} Müller" in text_of_pdf(
        pdf_of(demand_note(ordered("Anna 😀 Mü\u200bl\u0007ler")))
    )


def test_the_pdf_says_what_it_is_by_whom_and_in_which_language() -> None:
    note = demand_note(ordered())

    pdf = pdf_of(note)

    assert f"Demand note {note.number}".encode("utf-16-be") in pdf or f"(Demand note {note.number})".encode() in pdf
    assert b"(San Francisco Electric Authority)" in pdf
    assert b"/Lang (en" in pdf


# --- It never changes -----------------------------------------------------------------------------------------------


def test_a_paper_stays_as_it_was_issued_whatever_provider_and_applicant_change() -> None:
    note = demand_note(ordered())
    page, pdf = words_of_page(page_of(note)), pdf_of(note)

    Provider.objects.update(
        name="Other", legal_name="Other", postal_address="Elsewhere", tax_number="0", brand_colour="#ff0000",
        payment_instructions="To me", time_zone="Pacific/Kiritimati", currency="EUR", payment_days=1, support_phone="1",
    )  # fmt: skip
    Application.objects.update(applicant_name="Somebody Else", address="Elsewhere", billing_name="Else", tax_id="T")
    record_payment(Application.objects.get(), amount=D(50), actor=SYSTEM)

    again = Voucher.objects.get(pk=note.pk)
    assert words_of_page(page_of(again)) == page
    assert pdf_of(again) == pdf


# --- Who may read it ------------------------------------------------------------------------------------------------


def test_somebody_elses_number_under_my_tracking_id_is_not_found() -> None:
    mine, other = demand_note(ordered()), demand_note(ordered())

    for kind in ("/", ".pdf"):
        assert Client().get(f"/track/{mine.application.tracking_id}/papers/{mine.number}{kind}").status_code == 200
        assert Client().get(f"/track/{mine.application.tracking_id}/papers/{other.number}{kind}").status_code == 404


def test_papers_are_kept_by_nobody_found_by_nobody_and_run_nothing() -> None:
    note = demand_note(ordered())

    for address in (
        page_address(note),
        page_address(note).rstrip("/") + ".pdf",
        f"/genuine/{note.code}/",
        "/genuine/x/",
    ):
        reply = Client().get(address)
        assert "no-store" in reply["Cache-Control"]
        assert reply["X-Robots-Tag"] == "noindex, nofollow"
        assert "default-src 'none'" in reply["Content-Security-Policy"]
        assert Client().post(address).status_code == 405


def test_links_are_absolute() -> None:
    note = demand_note(ordered())
    here = f"{settings.PUBLIC_URL}/track/{note.application.tracking_id}/papers/{note.number}"

    assert paper_url(note) == f"{here}/"
    assert f"{settings.PUBLIC_URL}{pdf_path(note)}" == f"{here}.pdf"


# --- Genuine? -------------------------------------------------------------------------------------------------------


def answer_to_the_qr(voucher: Voucher) -> str:
    address = qr_of(pdf_of(voucher))
    assert address == f"{settings.PUBLIC_URL}/genuine/{voucher.code}/"
    reply = Client().get(address.removeprefix(settings.PUBLIC_URL))
    assert reply.status_code == 200
    return reply.content.decode()


def test_the_qr_leads_to_a_page_that_says_the_paper_is_genuine_and_masks_the_name() -> None:
    note = demand_note(ordered())

    page = answer_to_the_qr(note)

    for told in ("This paper is genuine", note.number, "50.00 USD", "San Francisco Electric Authority", "J••• P•••"):
        assert told in page
    assert "Not paid, 50.00 USD is open" in page
    for secret in ("Jonathan", "Park", "Valencia", note.application.number, str(note.application.tracking_id)):
        assert secret not in page


def test_a_paper_that_nobody_issued_is_not_known() -> None:
    reply = Client().get("/genuine/AAAAAAAAAAAAAAAA/")

    assert reply.status_code == 404
    assert "We know no such paper" in reply.content.decode()


def test_the_page_of_a_bill_says_whether_it_is_paid_by_now() -> None:
    order = ordered()
    note = demand_note(order)

    record_payment(order, amount=D(20), actor=SYSTEM)
    assert "Paid in part, 30.00 USD is open" in answer_to_the_qr(note)

    paid = record_payment(order, amount=D(30), actor=SYSTEM)
    assert ">Paid</span>" in answer_to_the_qr(note)

    reverse_payment(paid, reason="It bounced", actor=SYSTEM)
    assert "Paid in part, 30.00 USD is open" in answer_to_the_qr(note)
    assert "Taken back later" in answer_to_the_qr(paid.voucher)


def test_a_bill_that_was_replaced_or_is_not_asked_for_any_more_says_so() -> None:
    order = ordered()
    first = demand_note(order)
    with transaction.atomic():
        second = issue_demand_note(order, actor=SYSTEM, everything=True)
    assert second is not None

    assert "asked for again on a later paper" in answer_to_the_qr(first)
    assert "Not paid, 200.00 USD is open" in answer_to_the_qr(second)

    advance(order, "cancel", actor=SYSTEM, reason="The street is closed")
    assert "Not asked for any more" in answer_to_the_qr(first)


@pytest.mark.parametrize(
    ("name", "masked"),
    [("Jonathan Park", "J••• P•••"), ("王小明", "王•••"), ("रविन्द्र", "र•••"), ("किशोर", "कि•••"), ("", "")],
)
def test_a_name_is_masked_to_its_first_letters(name: str, masked: str) -> None:
    assert mask(name) == masked
