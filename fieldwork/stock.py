"""Meters between the stock and the technicians' cars."""

from connections.actors import Actor
from connections.lifecycle import advance
from fieldwork.models import Meter, Technician


def issue_meter(meter: Meter, *, technician: Technician, actor: Actor) -> Meter:
    """Hand a meter to a technician, or from one to another. Raises `Refused`: `wrong_provider`."""
    return advance(meter, "issue", actor=actor, technician=technician)


def take_back_meter(meter: Meter, *, actor: Actor) -> Meter:
    """Back from a technician's car into the stock."""
    return advance(meter, "take_back", actor=actor)


def write_off_meter(meter: Meter, *, reason: str, actor: Actor) -> Meter:
    """Faulty: never to be installed again. Raises `Refused`: `reason_missing`."""
    return advance(meter, "report_faulty", actor=actor, reason=reason.strip())
