"""The link to the document form opens one application for a time, and nothing else."""

from datetime import timedelta
from typing import Any

import jwt
import pytest
from django.utils import timezone

from beckn_adapter.translate.xinput import write_document_form
from connections.documents.verdicts import reject_document, waive_document
from connections.form_link import LIFETIME, LinkExpired, LinkInvalid, form_token, read_form_token
from connections.lifecycle import advance
from connections.models import Application
from tests.connections.intake import paper_of
from tests.factories import SYSTEM, application

pytestmark = pytest.mark.django_db


def draft() -> Application:
    return application(source="bap.example.com", source_reference="txn-1")


def claims_of(token: str) -> dict[str, Any]:
    return jwt.decode(token, options={"verify_signature": False})


def test_a_token_names_application_buyer_app_and_transaction() -> None:
    opened = draft()

    claims = read_form_token(form_token(opened))

    assert (claims.application, claims.source, claims.source_reference) == (opened.pk, "bap.example.com", "txn-1")


def test_a_token_is_a_jwt_for_documents_that_says_when_it_ends() -> None:
    now = timezone.now()

    token = form_token(draft(), now)

    assert jwt.get_unverified_header(token)["alg"] == "HS256"
    claims = claims_of(token)
    assert claims["purpose"] == "documents"
    assert claims["exp"] == int((now + timedelta(days=14)).timestamp())


def test_every_token_is_a_visit_of_its_own() -> None:
    opened = draft()

    assert read_form_token(form_token(opened)).visit != read_form_token(form_token(opened)).visit


def test_a_token_past_its_date_has_expired() -> None:
    with pytest.raises(LinkExpired):
        read_form_token(form_token(draft(), timezone.now() - LIFETIME - timedelta(minutes=1)))


def test_a_changed_token_is_invalid() -> None:
    head, body, signature = form_token(draft()).split(".")
    other = form_token(draft()).split(".")[2]

    for token in (f"{head}.{body}.{other}", f"{head}.{body[:-2]}AA.{signature}", f"{head}.{body}.", "abc", ""):
        with pytest.raises(LinkInvalid):
            read_form_token(token)


def test_a_token_without_signature_is_invalid() -> None:
    claims = claims_of(form_token(draft()))

    with pytest.raises(LinkInvalid):
        read_form_token(jwt.encode(claims, None, algorithm="none"))


def test_a_token_signed_with_the_bare_secret_is_invalid(settings: Any) -> None:
    claims = claims_of(form_token(draft()))

    with pytest.raises(LinkInvalid):
        read_form_token(jwt.encode(claims, settings.SECRET_KEY, algorithm="HS256"))


def test_a_link_outlives_a_change_of_the_secret_while_the_old_one_is_named(settings: Any) -> None:
    token, before = form_token(draft()), settings.SECRET_KEY
    settings.SECRET_KEY = "another secret, quite as long as the one before"
    with pytest.raises(LinkInvalid):
        read_form_token(token)

    settings.SECRET_KEY_FALLBACKS = ["older still", before]

    assert read_form_token(token).visit


@pytest.mark.parametrize("change", [{"purpose": "tracking"}, {"jti": "1"}, {"application": "x"}, {"exp": None}])
def test_a_token_of_ours_for_something_else_is_invalid(change: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    claims = {**claims_of(form_token(draft())), **change}
    monkeypatch.setattr("connections.form_link._key", lambda: b"k" * 32)

    with pytest.raises(LinkInvalid):
        read_form_token(jwt.encode(claims, b"k" * 32, algorithm="HS256"))


# --- As a buyer app is told -----------------------------------------------------------------------------------------


def form_of(opened: Application) -> dict[str, Any]:
    form = write_document_form(opened, opened.documents.all())
    assert form is not None
    return form


def test_the_address_holds_the_same_token_as_the_auth(settings: Any) -> None:
    form = form_of(draft())["form"]

    assert form["auth"]["descriptor"] == {"code": "jwt"}
    assert form["url"] == f"{settings.PUBLIC_URL}/documents/{form['auth']['value']}/"
    assert form["resubmit"] is False


def test_a_rejected_paper_asks_to_submit_again_and_is_the_current_one() -> None:
    opened = draft()
    wiring = advance(paper_of(opened, "wiring"), "submit", actor=SYSTEM)
    for code in ("id-proof", "ownership"):
        advance(advance(paper_of(opened, code), "submit", actor=SYSTEM), "verify", actor=SYSTEM)
    reject_document(wiring, reason="Not signed.", actor=SYSTEM)

    form = form_of(opened)

    assert form["form"]["resubmit"] is True
    assert form["head"]["index"] == {"min": 0, "cur": 2, "max": 2}


def test_a_waived_paper_is_no_heading() -> None:
    opened = draft()
    waive_document(paper_of(opened, "ownership"), reason="Known", actor=SYSTEM)

    assert form_of(opened)["head"]["headings"] == ["ID proof", "Wiring diagram"]
