"""What tests are made of: plain functions, San Francisco by default. Everything may be told otherwise by keyword."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import count
from typing import Any

from django.contrib.auth.models import Permission, User

from connections.actors import Actor
from connections.lifecycle import advance
from connections.models import (
    Application,
    Offering,
    PaymentTerm,
    PriceLine,
    Provider,
    RequiredDocument,
    ServiceArea,
)
from connections.services import Applicant, Premises, Request, open_application
from connections.vocabulary import ApplicationState as S
from connections.vocabulary import CollectedBy, MeterType, PaymentType, Phase, PropertyType
from fieldwork.models import Installation, Meter, Technician, Visit

SAN_FRANCISCO = [[37.70, -122.53], [37.70, -122.35], [37.84, -122.35], [37.84, -122.53]]
SYSTEM = Actor.system("test")
METER = {
    "meter_serial": "84469825",
    "meter_type": MeterType.SMART_METER,
    "seal_number": "S-1",
    "initial_reading_kwh": Decimal("0.000"),
}
JONATHAN = Applicant(
    applicant_name="Jonathan Park",
    applicant_phone="+14155553333",
    applicant_email="jonathan@example.com",
    billing_name="Jonathan Park",
)
VALENCIA_STREET = Premises(
    address="123 Valencia Street",
    postcode="94110",
    city_code="NANP:628",
    latitude=Decimal("37.774921"),
    longitude=Decimal("-122.419424"),
    position_as_given="37.774921,-122.419424",
)
DOCUMENTS = (("id-proof", "ID proof"), ("ownership", "Ownership certificate"), ("wiring", "Wiring diagram"))
STATE_BEFORE = {
    "schedule": S.DRAFT,
    "assign_technician": S.SCHEDULED,
    "complete_assessment": S.TECHNICIAN_ASSIGNED,
    "approve": S.ASSESSMENT_COMPLETED,
    "establish_connection": S.APPROVED,
    "cancel": S.SCHEDULED,
    "fail": S.SCHEDULED,
}
WAY_TO: dict[str, tuple[str, ...]] = {
    S.DRAFT: (),
    S.SCHEDULED: ("schedule",),
    S.TECHNICIAN_ASSIGNED: ("schedule", "assign_technician"),
    S.ASSESSMENT_COMPLETED: ("schedule", "assign_technician", "complete_assessment"),
    S.APPROVED: ("schedule", "assign_technician", "complete_assessment", "approve"),
    S.CONNECTION_ESTABLISHED: (
        "schedule",
        "assign_technician",
        "complete_assessment",
        "approve",
        "establish_connection",
    ),
    S.CANCELLED: ("schedule", "cancel"),
    S.FAILED: ("schedule", "fail"),
}
_numbers = count(1)


def provider(*, area: bool = True, **fields: Any) -> Provider:
    """San Francisco's utility, or with a `code` another one; `area=False` serves everywhere."""
    fields.setdefault("code", "sf_electric_authority")
    fields.setdefault("order_prefix", "conn-order" if fields["code"] == "sf_electric_authority" else fields["code"])
    new = Provider.objects.create(**{"name": "San Francisco Electric Authority", "currency": "USD", **fields})
    if area:
        ServiceArea.objects.create(provider=new, name="San Francisco", city_codes=["NANP:628"], polygon=SAN_FRANCISCO)
    return new


def offering(
    *,
    lines: Iterable[dict[str, Any]] = ({"title": "Connection fee", "amount": Decimal("200")},),
    terms: Iterable[dict[str, Any]] = (
        {"type": PaymentType.ON_FULFILLMENT, "collected_by": CollectedBy.BPP, "amount": Decimal("150")},
    ),
    documents: Sequence[tuple[str, str]] = DOCUMENTS,
    **fields: Any,
) -> Offering:
    """A residential connection up to 10 kW: USD 200, of which 150 falls due when power is on, against three papers."""
    if "provider" not in fields:
        fields["provider"] = Provider.objects.filter(code="sf_electric_authority").first() or provider()
    defaults = {
        "code": "new-resi-connection",
        "name": "Residential Electricity Connection",
        "property_type": PropertyType.RESIDENTIAL,
        "phase": Phase.SINGLE_PHASE,
        "min_load_kw": Decimal("0"),
        "max_load_kw": Decimal("10"),
    }
    new = Offering.objects.create(**{**defaults, **fields})
    for n, line in enumerate(lines):
        PriceLine.objects.create(offering=new, position=n, **line)
    for n, term in enumerate(terms):
        PaymentTerm.objects.create(offering=new, position=n, **term)
    for n, (code, name) in enumerate(documents):
        RequiredDocument.objects.create(offering=new, code=code, name=name, position=n)
    return new


def application(*, load_kw: Decimal = Decimal("5"), **asked: Any) -> Application:
    """A draft, opened as everybody opens one: through `open_application`, whose keywords it takes."""
    if "offering" not in asked:
        asked["offering"] = Offering.objects.filter(code="new-resi-connection").first() or offering()
    defaults = {
        "applicant": JONATHAN,
        "premises": VALENCIA_STREET,
        "request": Request(requested_load_kw=load_kw, monthly_consumption_kwh=Decimal("300")),
        "actor": SYSTEM,
    }
    return open_application(**{**defaults, **asked})


def application_in(state: str, **asked: Any) -> Application:
    """An application that has gone the whole way to a state. The papers are verified on the way to the approval."""
    return bring_to(application(**asked), state)


def bring_to(moving: Application, state: str) -> Application:
    """Take an application the rest of its way to a state."""
    steps = WAY_TO[state]
    here = next((n for n, step in enumerate(steps) if STATE_BEFORE[step] == moving.fulfillment_state), len(steps))
    for action in steps[here:]:
        if action == "approve":
            verify_documents(moving)
        moving = establish(moving) if action == "establish_connection" else _advance(moving, action)
    return moving


def _advance(moving: Application, action: str) -> Application:
    details = {"cancel": {"reason": "Moved away"}, "fail": {"reason": "No capacity"}}
    return advance(moving, action, actor=SYSTEM, **details.get(action, {}))


def establish(moving: Application) -> Application:
    """The power goes on, with a meter, a seal and a reading, as a technician wrote them down."""
    visit = moving.visits.filter(kind=Visit.Kind.INSTALLATION).first()
    visit = visit or Visit.objects.create(application=moving, kind=Visit.Kind.INSTALLATION)
    meter, _ = Meter.objects.get_or_create(
        serial=METER["meter_serial"],
        defaults={
            "provider": moving.provider,
            "type": METER["meter_type"],
            "phase": moving.offering.phase,
            "max_load_kw": moving.requested_load_kw,
        },
    )
    Installation.objects.create(
        visit=visit,
        meter=meter,
        seal_number=METER["seal_number"],
        initial_reading_kwh=METER["initial_reading_kwh"],
    )
    return advance(moving, "establish_connection", actor=SYSTEM, **METER)


def scheduled_application(**asked: Any) -> Application:
    """An order, with its assessment visit waiting for a technician."""
    return application_in(S.SCHEDULED, **asked)


def verify_documents(of: Application) -> None:
    for document in of.documents.all():
        advance(advance(document, "submit", actor=SYSTEM), "verify", actor=SYSTEM)


def technician(**fields: Any) -> Technician:
    """A technician of San Francisco's utility, unless a `provider` is named."""
    if "provider" not in fields:
        fields["provider"] = Provider.objects.filter(code="sf_electric_authority").first() or provider()
    return Technician.objects.create(**{"name": "Ravi Kumar", "phone": "+14155550111", **fields})


def staff(*permissions: str) -> User:
    """A member of staff with exactly these permissions, each as "app.codename"."""
    user = User.objects.create_user(f"clerk-{next(_numbers)}", is_staff=True)
    for permission in permissions:
        app, codename = permission.split(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    return user
