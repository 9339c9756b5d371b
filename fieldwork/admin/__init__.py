"""The field's part of the desk: visits and who makes them, technicians, meters."""

from fieldwork.admin import next_visit
from fieldwork.admin.stock import MeterAdmin
from fieldwork.admin.technician import SlotAdmin, TechnicianAdmin
from fieldwork.admin.visit import VisitAdmin

__all__ = ["MeterAdmin", "SlotAdmin", "TechnicianAdmin", "VisitAdmin", "next_visit"]
