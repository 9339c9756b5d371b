"""Papers at the desk: as they were handed in, and the verdict on them."""

import pytest

from connections.documents.verdicts import READY_REASONS
from connections.models import Document, DocumentVersion, Feedback, Submission
from tests.connections.desk import SCRIPT, boss, browser_of, page_of, state_of, step
from tests.factories import scheduled_application, staff

pytestmark = pytest.mark.django_db


def test_application_page_shows_ratings_and_the_document_page_its_versions_escaped() -> None:
    order = scheduled_application()
    Feedback.objects.create(application=order, category="Order", value=4, comment=SCRIPT)
    paper = order.documents.get(code="id-proof")
    came = Submission.objects.create(application=order, source=SCRIPT)
    DocumentVersion.objects.create(document=paper, submission=came, number=1, link="javascript:alert(1)", reason=SCRIPT)
    client = boss()

    pages = [client.get(page_of(row)).content.decode() for row in (order, paper)]

    assert SCRIPT not in "".join(pages)
    assert "&lt;script&gt;" in pages[0]
    assert "javascript:alert(1)" in pages[1]
    assert 'href="javascript:' not in pages[1]


def test_verdict_is_for_the_version_that_was_seen() -> None:
    paper = scheduled_application().documents.get(code="id-proof")
    client = boss()
    client.post(step(paper, "submit"))
    DocumentVersion.objects.create(document=paper, number=1, text="A newer one")

    page = client.post(step(paper, "verify"), {"seen": 0}).content.decode()

    assert "A newer version of ID proof has come in." in page
    assert state_of(paper) == "SUBMITTED"


def test_rejecting_takes_a_ready_reason_or_own_words_but_not_neither() -> None:
    order = scheduled_application()
    client = boss()
    ready = READY_REASONS[0]
    for paper, said in zip(order.documents.all(), ({"ready": ready}, {"reason": "Upside down"}, {}), strict=True):
        client.post(step(paper, "submit"))
        client.post(step(paper, "reject"), {"seen": 0, **said})

    assert list(order.documents.values_list("reason", flat=True)) == [ready, "Upside down", ""]


def test_what_is_typed_beside_a_ready_reason_is_told_with_it() -> None:
    paper, client = scheduled_application().documents.get(code="id-proof"), boss()
    client.post(step(paper, "submit"))

    client.post(step(paper, "reject"), {"seen": 0, "ready": READY_REASONS[0], "reason": "Page 2 is missing too."})

    assert Document.objects.get(pk=paper.pk).reason == f"{READY_REASONS[0]} Page 2 is missing too."


def test_a_reason_that_is_too_long_with_the_ready_one_is_refused_and_kept() -> None:
    paper, client = scheduled_application().documents.get(code="id-proof"), boss()
    client.post(step(paper, "submit"))
    long = "It can not be read at all. " * 11

    page = client.post(step(paper, "reject"), {"seen": 0, "ready": READY_REASONS[0], "reason": long}).content.decode()

    assert "characters; at most 300 are kept." in page
    assert long.strip() in page
    assert state_of(paper) == "SUBMITTED"


def test_document_is_waived_by_permission_and_with_a_reason() -> None:
    paper = scheduled_application().documents.get(code="wiring")
    clerks = browser_of(staff("connections.view_document", "connections.verify_document"))

    assert "may not waive" in clerks.post(step(paper, "waive"), {"reason": "Seen on site"}).content.decode()
    boss().post(step(paper, "waive"), {"reason": "Seen on site"})

    waived = Document.objects.get(pk=paper.pk)
    assert (waived.waiver_reason, waived.waived_by.username) == ("Seen on site", "anna")
