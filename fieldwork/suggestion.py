"""Who should go: every technician of the provider with what speaks for and against, the best first."""

from collections.abc import Sequence
from dataclasses import dataclass

from connections.geography import distance_km, normal
from connections.models import Application
from connections.vocabulary import Phase
from fieldwork.models import Skill, Technician, Visit
from fieldwork.planning import clash, visits_of_the_day
from fieldwork.whereabouts import base_of, premises_position

SKILL_OF_KIND = {Visit.Kind.ASSESSMENT: Skill.ASSESSMENT, Visit.Kind.INSTALLATION: Skill.INSTALLATION}


@dataclass(frozen=True)
class Suggestion:
    """A technician's fitness for a visit. `for_it` and `against` are sentences for the dispatcher."""

    technician: Technician
    for_it: tuple[str, ...]
    against: tuple[str, ...]
    load: int  # other visits on that day
    distance_km: float | None

    @property
    def fits(self) -> bool:
        return not self.against

    @property
    def reasons(self) -> str:
        """What speaks against if anything does, else what speaks for."""
        return ", ".join(self.against or self.for_it)


def suggest_technicians(visit: Visit) -> list[Suggestion]:
    """The provider's active technicians: who fits before who does not, then the emptier day, then the shorter way."""
    provider = visit.application.provider
    day = visit.window_start and visit.window_start.astimezone(provider.zone).date()
    visits = list(visits_of_the_day(provider, day).exclude(pk=visit.pk)) if day else []
    suggestions = [_judge(visit, row, visits) for row in provider.technicians.filter(active=True)]
    return sorted(suggestions, key=_rank)


def _rank(one: Suggestion) -> tuple[int, int, float, str]:
    far = one.distance_km if one.distance_km is not None else float("inf")
    return len(one.against), one.load, far, one.technician.name


def _judge(visit: Visit, technician: Technician, visits: Sequence[Visit]) -> Suggestion:
    load = sum(row.technician_id == technician.pk for row in visits)
    away = _distance(visit.application, technician)
    verdicts = [
        _skills(visit, technician),
        _zone(visit.application, technician),
        *_day(visit, technician, visits, load),
    ]
    for_it = [text for good, text in verdicts if good]
    if away is not None:
        for_it.append(f"{away:.1f} km away")
    return Suggestion(technician, tuple(for_it), tuple(text for good, text in verdicts if not good), load, away)


def needed_skills(visit: Visit) -> list[Skill]:
    """By the kind of visit, and for a three-phase connection that too."""
    needed = [SKILL_OF_KIND[Visit.Kind(visit.kind)]] if visit.kind in SKILL_OF_KIND else []
    return [*needed, Skill.THREE_PHASE] if visit.application.offering.phase == Phase.THREE_PHASE else needed


def _skills(visit: Visit, technician: Technician) -> tuple[bool, str]:
    needed = needed_skills(visit)
    missing = [skill.label.lower() for skill in needed if skill not in technician.skills]
    if missing:
        return False, f"does not do {' and '.join(missing)}"
    return True, f"does {' and '.join(skill.label.lower() for skill in needed)}" if needed else "needs no special skill"


def _zone(application: Application, technician: Technician) -> tuple[bool, str]:
    place = {normal(code) for code in (application.postcode, application.city_code) if code}
    zones = {normal(zone) for zone in technician.zones}
    if not zones:
        return True, "works everywhere"
    home = sorted(zones & place)
    return (True, f"works in {home[0]}") if home else (False, f"works only in {', '.join(sorted(zones))}")


def _day(visit: Visit, technician: Technician, visits: Sequence[Visit], load: int) -> list[tuple[bool, str]]:
    if visit.window_start is None:
        return [(True, "the visit has no time yet")]
    local = visit.window_start.astimezone(visit.application.provider.zone)
    if local.weekday() not in technician.working_days:
        return [(False, f"does not work on {local:%A}s")]
    if load >= technician.daily_capacity:
        return [(False, f"has {load} of {technician.daily_capacity} visits that day")]
    other = clash(visits, technician, visit)
    if other and other.window_start:
        return [(False, f"has another visit at {other.window_start.astimezone(local.tzinfo):%H:%M}")]
    return [(True, f"works on {local:%A}s"), (True, f"{load} of {technician.daily_capacity} visits that day")]


def _distance(application: Application, technician: Technician) -> float | None:
    base, premises = base_of(technician), premises_position(application)
    return distance_km(base, premises) if base and premises else None
