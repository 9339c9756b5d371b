"""Fieldwork's rows, one module a subject."""

from fieldwork.models.findings import Finding, Installation
from fieldwork.models.meter import Meter, MeterState
from fieldwork.models.technician import Skill, Slot, Technician
from fieldwork.models.visit import PENDING_VISITS, FieldAct, Photo, Visit, VisitState

__all__ = [
    "PENDING_VISITS",
    "FieldAct",
    "Finding",
    "Installation",
    "Meter",
    "MeterState",
    "Photo",
    "Skill",
    "Slot",
    "Technician",
    "Visit",
    "VisitState",
]
