"""Where technicians and premises are. Positions are WGS 84."""

from decimal import ROUND_HALF_UP, Decimal

from django.db import transaction
from django.utils import timezone

from connections.geography import Point, distance_km, judge
from connections.lifecycle import Refused
from connections.models import Application
from fieldwork.models import Technician, VisitState

NEAR_ENOUGH_M = 200
SIX_PLACES = Decimal("0.000001")  # as the columns keep degrees: 0.1 m


def degrees(value: Decimal | float | str) -> Decimal:
    return Decimal(str(value)).quantize(SIX_PLACES, ROUND_HALF_UP)


def base_of(technician: Technician) -> Point | None:
    """Where the technician's day begins, if it was written down."""
    if technician.base_latitude is None or technician.base_longitude is None:
        return None
    return float(technician.base_latitude), float(technician.base_longitude)


def premises_position(application: Application) -> Point | None:
    """Where the premises are; nothing where that is not known, or in doubt since the position lost a sign."""
    place = application.place()
    if place.position is None or judge(application.provider.areas(), place).lost_sign:
        return None
    return place.position


def metres_from_premises(application: Application, latitude: Decimal | None, longitude: Decimal | None) -> int | None:
    """How far a position is from the premises; nothing where one of the two is not known."""
    premises = premises_position(application)
    if premises is None or latitude is None or longitude is None:
        return None
    return round(distance_km(premises, (float(latitude), float(longitude))) * 1000)


@transaction.atomic
def share_position(technician: Technician, *, latitude: Decimal, longitude: Decimal) -> Technician:
    """Keep where a technician is, for the applicant to see. Raises `Refused`: `not_shared`, `not_on_the_way`."""
    technician = Technician.objects.select_for_update().get(pk=technician.pk)
    if not technician.shares_position:
        raise Refused("not_shared", "You do not share your position.")
    if not technician.visits.filter(state=VisitState.EN_ROUTE).exists():
        raise Refused("not_on_the_way", "Your position is shared only while you are on the way.")
    technician.latitude, technician.longitude = degrees(latitude), degrees(longitude)
    technician.position_at = timezone.now()
    technician.save(update_fields=["latitude", "longitude", "position_at"])
    return technician


def forget_position(technician: Technician) -> None:
    """Once arrived, where somebody is concerns nobody any more."""
    Technician.objects.filter(pk=technician.pk).update(latitude=None, longitude=None, position_at=None)
