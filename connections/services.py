"""Opening and correcting applications: the acts that make rows, whoever asks for them."""

import re
from dataclasses import asdict, dataclass, fields
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import BooleanField
from django.db.models.expressions import RawSQL

from connections.actors import Actor
from connections.filing import follow_provider
from connections.geography import Place, Verdict, judge
from connections.lifecycle import Refused, record
from connections.models import Application, Document, Offering
from connections.models.application import NO_CONTACT
from connections.searching import keep_words
from connections.vocabulary import COUNTER, OPEN_STATES, ApplicationState

# What `look_at` says, up to its last words: the name of a service area may have full stops of its own.
POSITION_WARNING = re.compile(r"Check the position: .*?: a sign seems lost\.")
# In the words of the unique index and not as a value: only so can a plan that is kept for any reference use that index.
HAS_A_REFERENCE = RawSQL("source_reference <> ''", (), output_field=BooleanField())


@dataclass(frozen=True)
class Applicant:
    """Who applies and who pays. Telephone or e-mail, one at least."""

    applicant_name: str
    applicant_phone: str = ""
    applicant_email: str = ""
    billing_name: str = ""
    billing_phone: str = ""
    billing_email: str = ""
    billing_address: str = ""
    tax_id: str = ""


@dataclass(frozen=True)
class Premises:
    """Where the power is wanted: WGS 84, and the position as it was given, untouched."""

    address: str
    postcode: str = ""
    city_code: str = ""
    latitude: Decimal | None = None
    longitude: Decimal | None = None
    position_as_given: str = ""

    def place(self) -> Place:
        return Place.at(self.latitude, self.longitude, postcode=self.postcode, city_code=self.city_code)


@dataclass(frozen=True)
class Request:
    """What is asked for: kW, and kWh a month where known."""

    requested_load_kw: Decimal
    monthly_consumption_kwh: Decimal | None = None


@transaction.atomic
def open_application(
    *,
    offering: Offering,
    applicant: Applicant,
    premises: Premises,
    request: Request,
    actor: Actor,
    source: str = COUNTER,
    source_reference: str = "",
    may_correct: bool = True,
) -> Application:
    """Open a draft, or correct the draft already open under this source and reference.

    Lays out one PENDING document per requirement and flags what a person should look at. Raises `Refused`:
    `load_out_of_range`, `not_served`, `already_ordered`; `already_open` for a draft that was not to be corrected.
    """
    check_load(offering, request.requested_load_kw)
    verdict = check_place(offering, premises)
    values: dict[str, Any] = {
        **asdict(applicant),
        **asdict(premises),
        **asdict(request),
        "offering": offering,
        "provider": offering.provider,
        "attention": look_at(verdict),
    }
    application, is_new = _draft(source, source_reference, values, may_correct=may_correct)
    keep_words(application, is_new=is_new)
    _lay_out_documents(application, is_new=is_new)
    record(application, "opened" if is_new else "revised", actor=actor, is_first=is_new)
    return application


def _draft(
    source: str, source_reference: str, values: dict[str, Any], *, may_correct: bool
) -> tuple[Application, bool]:
    if not source_reference:
        return Application.objects.create(source=source, **values), True
    application, is_new = (
        Application.objects.select_for_update()
        .filter(HAS_A_REFERENCE)
        .get_or_create(source=source, source_reference=source_reference, defaults=values)
    )
    if is_new:
        return application, True
    if application.fulfillment_state != ApplicationState.DRAFT:
        raise Refused("already_ordered", f"This application is already ordered as {application.number}.")
    if application.erased_at:
        raise Refused("person_erased", "This draft's person was erased. Begin a new application.")
    if not may_correct:
        raise Refused("already_open", f"Under this number a draft is open already: {application}.")
    moves = application.provider_id != values["provider"].pk
    for name, value in values.items():
        setattr(application, name, value)
    application.save()
    if moves:
        follow_provider(application)
    return application, False


def _lay_out_documents(application: Application, *, is_new: bool) -> None:
    wanted = application.offering.required_documents.all()
    if not is_new:
        application.documents.exclude(code__in=[row.code for row in wanted]).delete()
    Document.objects.bulk_create(
        [Document(application=application, code=row.code, name=row.name, position=row.position) for row in wanted],
        update_conflicts=True,  # a paper that both offerings want keeps its verdict
        unique_fields=["application", "code"],
        update_fields=["name", "position"],
    )


def check_load(offering: Offering, load_kw: Decimal) -> None:
    """Raises `Refused("load_out_of_range")` with the range that the offering serves."""
    if not (load_kw.is_finite() and offering.min_load_kw <= load_kw <= offering.max_load_kw):
        smallest, largest = f"{offering.min_load_kw.normalize():f}", f"{offering.max_load_kw.normalize():f}"
        raise Refused(
            "load_out_of_range",
            f"{offering.name} serves loads from {smallest} to {largest} kW; {load_kw.normalize():f} kW was asked for.",
        )


def check_place(offering: Offering, premises: Premises) -> Verdict:
    """Raises `Refused("not_served")` where the premises are in none of the provider's service areas."""
    verdict = judge(offering.provider.areas(), premises.place())
    if not verdict.served:
        raise not_served(offering, verdict)
    return verdict


def not_served(offering: Offering, verdict: Verdict) -> Refused:
    """The refusal for a place outside every service area, with the reason."""
    return Refused("not_served", f"{offering.provider.name} does not serve this place: {verdict.reason}.")


def look_at(verdict: Verdict) -> str:
    """What staff should look at in a position that was accepted; empty where all is well."""
    return f"Check the position: {verdict.reason}." if verdict.lost_sign else ""


def look_again(attention: str, verdict: Verdict) -> str:
    """The warning after the premises were changed: a new word on the position for the earlier one; the rest stays."""
    rest = POSITION_WARNING.sub("", attention).strip()
    return f"{rest} {look_at(verdict)}".strip()[:300]


CONTACT = {"applicant_phone", "applicant_email"}
CONTACT_FIELDS = {field.name for field in fields(Applicant)}
PREMISES_FIELDS = {field.name for field in fields(Premises)}
BEFORE_APPROVAL = [state for state in OPEN_STATES if state != ApplicationState.APPROVED]


@transaction.atomic
def amend_application(
    application: Application, *, changes: dict[str, Any], actor: Actor, seen: dict[str, Any] | None = None
) -> Application:
    """Change an order: who applies and pays while it is open; the premises and the load (kW) until it is approved.

    `changes` are fields of Applicant, Premises or Request; `seen` is what stood in them for the person who changes
    them. Records one `application.amended` with what changed; no change, no event. Raises `Refused`:
    `changed_meanwhile`, `amendment_too_late`, `contact_missing`, `load_out_of_range`, `not_served`.
    """
    application = Application.objects.select_for_update().get(pk=application.pk)
    changed = {name: value for name, value in changes.items() if getattr(application, name) != value}
    if not changed:
        return application
    if any(getattr(application, name) != value for name, value in (seen or {}).items() if name in changed):
        raise Refused("changed_meanwhile", "Somebody else has just changed this order. Send it again to see what.")
    allowed = OPEN_STATES if changed.keys() <= CONTACT_FIELDS else BEFORE_APPROVAL
    if application.fulfillment_state not in allowed:
        state = application.get_fulfillment_state_display().lower()
        raise Refused("amendment_too_late", f"This can not be changed any more: the order is {state}.")
    for name, value in changed.items():
        setattr(application, name, value)
    if changed.keys() & CONTACT and not (application.applicant_phone or application.applicant_email):
        raise Refused("contact_missing", NO_CONTACT)
    if "requested_load_kw" in changed:
        check_load(application.offering, application.requested_load_kw)
        application.sanctioned_load_kw = None
    if changed.keys() & PREMISES_FIELDS:
        verdict = judge(application.provider.areas(), application.place())
        if not verdict.served:
            raise not_served(application.offering, verdict)
        application.attention = look_again(application.attention, verdict)
    application.save()
    if changed.keys() & (CONTACT_FIELDS | PREMISES_FIELDS):
        keep_words(application)
    record(application, "amended", actor=actor, **changed)
    return application
