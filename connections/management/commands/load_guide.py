"""`manage.py load_guide`: the provider, offerings and terms of the guide, as data that staff can then edit."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from connections.models import (
    CancellationReason,
    CancellationTerm,
    Offering,
    PaymentTerm,
    PriceLine,
    Provider,
    RequiredDocument,
    ServiceArea,
    ServicePromise,
)

# A rough outline of the City and County of San Francisco, with the bay's edge inside.
SAN_FRANCISCO = [[37.70, -122.53], [37.82, -122.53], [37.84, -122.36], [37.70, -122.35]]
PROVIDER: dict[str, Any] = {
    "name": "San Francisco Electric Authority",
    "short_description": "Official provider for new electricity connections",
    "long_description": (
        "Government utility responsible for delivering new residential and commercial electricity connections "
        "in San Francisco."
    ),
    "logo_url": "https://sfea.gov/logo.png",
    "support_phone": "+18004321234",
    "support_email": "support@sfea.gov",
    "currency": "USD",
    "order_prefix": "conn-order",
    "brand_colour": "#0b4f8a",
}
# Code, fields, price line, payment term, documents. The guide asks 150 of its 200 when power is on; the published
# on_search names no terms for the commercial connection, so its full quote is asked.
OFFERINGS: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any] | None, list[tuple[str, str]]]] = [
    (
        "new-resi-connection",
        {
            "name": "Residential Electricity Connection",
            "property_type": "RESIDENTIAL",
            "phase": "SINGLE_PHASE",
            "min_load_kw": 1,
            "max_load_kw": 20,
            "tariff_category": "Residential",
            "position": 1,
        },
        {"title": "Connection Setup Fee", "amount": 200},
        {"type": "ON_FULFILLMENT", "collected_by": "BPP", "amount": 150},
        [
            ("id-proof", "ID proof"),
            ("ownership-certificate", "ownership certificate"),
            ("wiring-diagram", "wiring diagram"),
        ],
    ),
    (
        "new-comm-connection",
        {
            "name": "Commercial Electricity Connection",
            "property_type": "COMMERCIAL",
            "phase": "THREE_PHASE",
            "min_load_kw": 5,
            "max_load_kw": 150,
            "tariff_category": "Commercial",
            "position": 2,
        },
        {"title": "Connection Setup Fee", "amount": 500},
        None,
        [("business-license", "Business license"), ("wiring-plan", "wiring plan"), ("id-proof", "ID proof")],
    ),
]
REASONS = [
    ("c1", "no-longer-needed", "I no longer need the connection"),
    ("c2", "moving-elsewhere", "I am moving somewhere else"),
    ("c3", "takes-too-long", "It takes too long"),
    ("c4", "too-expensive", "It costs more than I expected"),
    ("c5", "ordered-by-mistake", "I ordered by mistake"),
]
CANCELLATION = {"SCHEDULED": 0, "TECHNICIAN_ASSIGNED": 10, "ASSESSMENT_COMPLETED": 25, "APPROVED": 50}
# Working days in each state, as utilities commonly promise them.
PROMISES = {"SCHEDULED": 2, "TECHNICIAN_ASSIGNED": 5, "ASSESSMENT_COMPLETED": 3, "APPROVED": 7}


class Command(BaseCommand):
    help = "Load the guide's provider, offerings and terms. Safe to repeat: what staff changed since is kept."

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        provider, is_new = Provider.objects.get_or_create(code="sf_electric_authority", defaults=PROVIDER)
        if is_new:
            self._lay_out(provider)
        for code, fields, line, term, documents in OFFERINGS:
            offering, made = Offering.objects.get_or_create(provider=provider, code=code, defaults=fields)
            if made:
                self._furnish(offering, line, term, documents)
        self.stdout.write(f"{provider.name}: {provider.offerings.count()} offerings.")

    def _lay_out(self, provider: Provider) -> None:
        ServiceArea.objects.create(
            provider=provider,
            code="1",
            name="San Francisco",
            grid_zone="SF-1",
            city_codes=["NANP:628", "NANP:415"],
            polygon=SAN_FRANCISCO,
        )
        CancellationReason.objects.bulk_create(
            CancellationReason(provider=provider, code=code, word=word, text=text) for code, word, text in REASONS
        )
        CancellationTerm.objects.bulk_create(
            CancellationTerm(provider=provider, state=state, fee_percent=share) for state, share in CANCELLATION.items()
        )

        ServicePromise.objects.bulk_create(
            ServicePromise(provider=provider, state=state, working_days=days) for state, days in PROMISES.items()
        )

    def _furnish(
        self,
        offering: Offering,
        line: dict[str, Any],
        term: dict[str, Any] | None,
        documents: list[tuple[str, str]],
    ) -> None:
        PriceLine.objects.create(offering=offering, **line)
        if term:
            PaymentTerm.objects.create(offering=offering, **term)
        RequiredDocument.objects.bulk_create(
            RequiredDocument(offering=offering, code=code, name=name, position=n)
            for n, (code, name) in enumerate(documents)
        )
