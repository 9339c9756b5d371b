"""A person whose words stand in every place where the house may keep them."""

import json
from decimal import Decimal
from uuid import uuid4

from django.apps import apps
from django.core.files.base import ContentFile
from django.db import connection
from django.utils import timezone

from beckn_adapter.models import Callback, Conversation, Message
from billing.payments import record_payment, return_payment
from connections.holding import put_on_hold
from connections.lifecycle import advance
from connections.models import Application, DocumentVersion, Letter
from connections.services import Applicant, Premises, amend_application
from connections.vocabulary import ApplicationState as S
from connections.vocabulary import Ball
from connections.voices import ask_for_support, give_feedback
from fieldwork.models import Finding, Photo
from tests.factories import SYSTEM, application_in

# Words that stand for the person wherever the house may keep them. None of them may be left.
MARKS = ["Zebulon", "5550199", "zeb@", "Quince", "TAX-Z", "37.77", "zz-remark"]
ZEBULON = Applicant(
    "Zebulon Quill", "+14155550199", "zeb@example.com", "Zebulon Quill", "+14155550199", "zeb@example.com",
    "9 Quince Lane", "TAX-Z-77",
)  # fmt: skip
QUINCE = Premises(
    "9 Quince Lane", "94110", "NANP:628", Decimal("37.774921"), Decimal("-122.419424"), "37.774921,-122.4"
)


def ended_order() -> Application:
    """A cancelled order that has been through everything, each place marked with the person's words."""
    order = application_in(
        S.ASSESSMENT_COMPLETED, applicant=ZEBULON, premises=QUINCE, source="bap.test", source_reference="tx-z"
    )
    amend_application(order, changes={"applicant_name": "Zebulon R. Quill"}, actor=SYSTEM)
    paper = order.documents.first()
    version = DocumentVersion(
        document=paper, number=1, original_name="Zebulon.pdf", media_type="application/pdf", size=3
    )
    version.file.save("", ContentFile(b"Zebulon"), save=True)
    DocumentVersion.objects.create(document=order.documents.last(), number=1, link="https://x.test/Zebulon")
    visit = order.visits.first()
    Finding.objects.create(
        visit=visit,
        feasible=True,
        phase="SINGLE_PHASE",
        load_kw=5,
        service_drop_m=9,
        notes="zz-remark",
        works_needed="zz-remark",
    )
    photo = Photo(visit=visit, kind="PREMISES", media_type="image/jpeg")
    photo.file.save("", ContentFile(b"house"), save=True)
    put_on_hold(order, reason="zz-remark", ball=Ball.UTILITY, actor=SYSTEM)
    give_feedback(order, category="Order", value=Decimal(2), actor=SYSTEM, comment="zz-remark")
    ask_for_support(application=order, reference="zz-remark", source="bap.test", actor=SYSTEM, email="zeb@example.com")
    ask_for_support(application=None, reference="", source="x", actor=SYSTEM, callback_phone="+14155550199")
    record_payment(order, amount=Decimal(150), reference="R-1", actor=SYSTEM)
    _converse(order)
    letter = Letter.objects.filter(application=order).first()
    letter.to, letter.subject, letter.text, letter.html = "zeb@example.com", "Zebulon", "9 Quince Lane", "<p>Zebulon"
    letter.save()
    ended = advance(order, "cancel", actor=SYSTEM, reason="zz-remark", reason_code="c1")
    return_payment(ended, amount=Decimal(150), method="CASH", actor=SYSTEM)
    return ended


def _converse(order: Application) -> None:
    body = json.dumps({"person": {"name": "Zebulon"}, "gps": "37.774921"}).encode()
    now = timezone.now()
    Conversation.objects.create(bap_id="bap.test", transaction_id="tx-z", application=order, context={})
    common = {"bap_id": "bap.test", "transaction_id": "tx-z", "body": body, "due_at": now}
    for action, about in (("search", None), ("init", order)):
        message = Message.objects.create(
            **common, action=action, message_id=str(uuid4()), bap_uri="https://bap.test", digest="d", signature="s",
            state="HANDLED", application=about, received_at=now, error="Who is +14155550199?",
        )  # fmt: skip
        Callback.objects.create(
            **common, action=f"on_{action}", message_id=message.message_id, url="https://bap.test", state="DELIVERED",
            request=message, application=about, life_seconds=3600,
        )  # fmt: skip


def everything_kept() -> str:
    """The whole database as text, bytes read as text."""
    found = []
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            names = [connection.ops.quote_name(field.column) for field in model._meta.concrete_fields]
            cursor.execute(f"SELECT {', '.join(names)} FROM {model._meta.db_table}")  # noqa: S608 - our own names
            found += [
                bytes(value).decode(errors="replace") if isinstance(value, bytes | memoryview) else str(value)
                for row in cursor.fetchall()
                for value in row
            ]
    return "\n".join(found)
