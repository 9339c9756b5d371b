"""What hangs on an order knows the order's provider, so that a list narrowed to one is read from one index."""

from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.contrib import admin
from django.core.management import call_command
from django.db.models import F, Model
from django.urls import reverse

from billing.models import Instalment
from billing.payments import ask_waiver
from connections.actors import Actor
from connections.filing import filed_models
from connections.models import Application, SupportRequest
from connections.services import Applicant
from connections.voices import ask_for_support
from tests.billing.money import decider, early_of, order, paid, report
from tests.connections.desk import boss
from tests.factories import SYSTEM, application, offering, provider

pytestmark = pytest.mark.django_db


def misfiled() -> list[Model]:
    return [
        row
        for model in filed_models()
        for row in model._base_manager.filter(application__isnull=False).exclude(provider=F("application__provider"))
    ]


def asks_for_help(of: Application | None) -> SupportRequest:
    return ask_for_support(application=of, reference="?", source="bap.test", actor=SYSTEM)


def busy_order(**asked: Any) -> Application:
    """With a row of everything that is filed."""
    busy = order(applicant=Applicant("Jonathan Park", "+14155553333", "jp@example.com"), **asked)
    report(busy)
    ask_waiver(early_of(busy), amount=Decimal(10), reason="Flooded", actor=Actor.staff(decider()))
    asks_for_help(busy)
    return busy


def test_whatever_hangs_on_an_order_is_filed_under_its_provider() -> None:
    busy = busy_order()
    paid(busy, "50")
    asks_for_help(None)

    assert len(filed_models()) == 6
    assert all(model._base_manager.filter(provider=busy.provider).exists() for model in filed_models())
    assert misfiled() == []


def test_a_draft_that_goes_to_another_provider_takes_its_rows_along() -> None:
    asked = {"source": "bap.test", "source_reference": "T-1"}
    draft = application(**asked)
    asks_for_help(draft)

    application(offering=offering(provider=provider(code="other")), **asked)

    assert {row.provider.code for row in (*draft.documents.all(), *draft.support_requests.all())} == {"other"}
    assert Instalment.objects.exists()
    assert misfiled() == []


def test_what_an_older_release_made_is_filed_by_hand() -> None:
    busy_order()
    asks_for_help(None)
    for model in filed_models():
        model._base_manager.update(provider=None)

    call_command("after_upgrade", stdout=(told := StringIO()))

    assert "documents filed under a provider: 3\n" in told.getvalue()
    assert misfiled() == []


def test_every_list_of_what_hangs_on_orders_is_narrowed_to_one_provider() -> None:
    ours, client = busy_order(), boss()
    theirs = busy_order(offering=offering(provider=provider(code="other")))

    for model in (*filed_models(), Instalment):
        of_ours = {f"{'application__' * (model is Instalment)}provider__id__exact": ours.provider_id}
        page = client.get(list_of(model), of_ours)
        rows = page.context["cl"].result_list
        assert {row.application_id for row in rows} == {ours.pk} != {theirs.pk}
        assert "provider__isnull" not in page.content.decode()  # nobody looks for rows of no provider


def list_of(model: type[Model]) -> str:
    assert model in admin.site._registry
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
