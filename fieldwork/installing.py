"""The installation: a meter with its seal and first reading, and then the power is on."""

from dataclasses import dataclass
from decimal import Decimal

from django.db import IntegrityError, transaction

from connections.actors import Actor
from connections.lifecycle import Refused, advance
from connections.models import Application
from connections.vocabulary import ApplicationState
from fieldwork.assessing import on_site
from fieldwork.models import Installation, Meter, MeterState, Photo, Technician, Visit
from fieldwork.services import lock_for_work
from fieldwork.whereabouts import NEAR_ENOUGH_M, degrees, metres_from_premises, premises_position


@dataclass(frozen=True)
class Plan:
    """An installation that nothing speaks against. `remark` is for the event where the position proves nothing."""

    meter: Meter
    seal_number: str
    reading: Decimal
    latitude: Decimal | None
    longitude: Decimal | None
    distance_m: int | None
    remark: str


def plan_installation(
    visit: Visit,
    *,
    serial: str,
    seal_number: str,
    reading: Decimal,
    reading_again: Decimal,
    latitude: Decimal | None = None,
    longitude: Decimal | None = None,
    position_reason: str = "",
) -> Plan:
    """Judge what a technician wants to hang, and change nothing. Readings are kWh, positions WGS 84.

    Raises `Refused`: `wrong_kind`, `wrong_state`, `not_approved`, `meter_*`, `seal_*`, `reading_*`, `photo_missing`,
    `too_far`, `position_missing`.
    """
    on_site(visit, Visit.Kind.INSTALLATION)
    application = visit.application
    if application.fulfillment_state != ApplicationState.APPROVED:
        state = application.get_fulfillment_state_display().lower()
        raise Refused("not_approved", f"The order is {state}: power goes on only for an approved one.")
    meter = find_meter(application, visit.technician, serial)
    seal = _unused_seal(seal_number)
    if reading != reading_again:
        raise Refused("readings_differ", "The two readings differ. Read the meter again.")
    if not (reading.is_finite() and 0 <= reading < 10**9):
        raise Refused("reading_invalid", "A reading is a number from 0 up.")
    if not visit.photos.filter(kind=Photo.Kind.METER).exists():
        raise Refused("photo_missing", "Take a photo of the meter on the wall.")
    distance, remark = judge_position(application, latitude, longitude, position_reason.strip())
    known = latitude is not None and longitude is not None
    return Plan(
        meter,
        seal,
        reading,
        degrees(latitude) if known and latitude is not None else None,
        degrees(longitude) if known and longitude is not None else None,
        distance,
        remark,
    )


@transaction.atomic
def complete_installation(
    visit: Visit,
    *,
    serial: str,
    seal_number: str,
    reading: Decimal,
    reading_again: Decimal,
    latitude: Decimal | None = None,
    longitude: Decimal | None = None,
    position_reason: str = "",
    actor: Actor,
) -> Visit:
    """Hang the meter, finish the visit and turn the power on, all or nothing. Raises what `plan_installation` does."""
    visit = lock_for_work(visit)
    plan = plan_installation(
        visit,
        serial=serial,
        seal_number=seal_number,
        reading=reading,
        reading_again=reading_again,
        latitude=latitude,
        longitude=longitude,
        position_reason=position_reason,
    )
    meter = advance(plan.meter, "install", actor=actor, application=visit.application)
    _write_down(visit, plan)
    visit = advance(visit, "complete", actor=actor, **_circumstances(plan))
    advance(
        visit.application,
        "establish_connection",
        actor=actor,
        meter_serial=meter.serial,
        meter_type=meter.type,
        seal_number=plan.seal_number,
        initial_reading_kwh=plan.reading,
    )
    return visit


def _write_down(visit: Visit, plan: Plan) -> None:
    try:
        with transaction.atomic():
            Installation.objects.create(
                visit=visit,
                meter=plan.meter,
                seal_number=plan.seal_number,
                initial_reading_kwh=plan.reading,
                latitude=plan.latitude,
                longitude=plan.longitude,
                distance_m=plan.distance_m,
            )
    except IntegrityError:  # somebody else was faster with this very seal
        raise Refused("seal_used", f"Seal {plan.seal_number} is on another meter.") from None


def _circumstances(plan: Plan) -> dict[str, str]:
    distance = {} if plan.distance_m is None else {"distance_m": str(plan.distance_m)}
    return {**distance, "position": plan.remark or "at the premises"}


def find_meter(application: Application, technician: Technician | None, serial: str) -> Meter:
    """The meter of this serial, if this technician may hang it here. Raises `Refused`: `meter_*`."""
    serial = serial.strip()
    meter = Meter.objects.filter(provider=application.provider_id, serial__iexact=serial).first() if serial else None
    if meter is None:
        raise Refused("meter_unknown", "No meter of ours has this serial number. Read it again.")
    if meter.state not in {MeterState.IN_STOCK, MeterState.ISSUED}:
        raise Refused("meter_not_free", f"Meter {meter} is {meter.get_state_display().lower()}.")
    if meter.technician_id not in {None, getattr(technician, "pk", None)}:
        raise Refused("meter_not_yours", f"Meter {meter} is issued to {meter.technician}.")
    offering, load = application.offering, application.sanctioned_load_kw or application.requested_load_kw
    if meter.type != offering.meter_type:
        raise Refused("meter_unfit", f"This order needs a {offering.get_meter_type_display().lower()}.")
    if meter.phase != offering.phase:
        raise Refused("meter_unfit", f"This order needs a meter for {offering.get_phase_display().lower()}.")
    if meter.max_load_kw < load:
        carries, needed = f"{meter.max_load_kw.normalize():f}", f"{load.normalize():f}"
        raise Refused("meter_unfit", f"Meter {meter} carries {carries} kW, this order needs {needed} kW.")
    return meter


def _unused_seal(seal_number: str) -> str:
    seal = seal_number.strip().upper()
    if not seal:
        raise Refused("seal_missing", "Give the number of the seal.")
    if Installation.objects.filter(seal_number=seal).exists():
        raise Refused("seal_used", f"Seal {seal} is on another meter.")
    return seal


def judge_position(
    application: Application, latitude: Decimal | None, longitude: Decimal | None, reason: str
) -> tuple[int | None, str]:
    """Metres from the premises, and a remark unless they prove that the technician was there.

    Raises `Refused` where the technician is too far away, or gives no position, and says no reason.
    """
    distance = metres_from_premises(application, latitude, longitude)
    if distance is not None and distance <= NEAR_ENOUGH_M:
        return distance, ""
    if premises_position(application) is None:
        return None, "the position of the premises is not known for certain"
    if reason:
        return distance, reason
    if distance is None:
        raise Refused("position_missing", "Your position is missing. Give it, or say why it can not be had.")
    raise Refused("too_far", f"You are {distance} m from the premises. Go there, or say why the position is wrong.")
