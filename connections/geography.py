"""Is a place inside a service area? Pure: coordinates are WGS 84 degrees, distances kilometres."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import asin, cos, radians, sin, sqrt
from typing import Self

EARTH_RADIUS_KM = 6371.0088  # the IUGG mean radius
Point = tuple[float, float]


@dataclass(frozen=True)
class Place:
    """Where somebody wants power, as far as it is known. An empty place says nothing."""

    position: Point | None = None  # (lat, lon)
    postcode: str = ""
    city_code: str = ""  # the network's, or the name of the city where somebody wrote no code

    @classmethod
    def at(
        cls, latitude: Decimal | None, longitude: Decimal | None, *, postcode: str = "", city_code: str = ""
    ) -> Self:
        position = None if latitude is None or longitude is None else (float(latitude), float(longitude))
        return cls(position, postcode, city_code)


@dataclass(frozen=True)
class Area:
    """A piece of the world that a provider serves. An aspect left empty says nothing about a place."""

    name: str
    city_codes: frozenset[str] = frozenset()
    postcodes: frozenset[str] = frozenset()
    polygon: tuple[Point, ...] = ()
    centre: Point | None = None
    radius_km: float = 0.0

    def speaks_of_positions(self) -> bool:
        return bool(self.polygon) or self.centre is not None


@dataclass(frozen=True)
class Verdict:
    """Whether a place is served, and why, in words for a person."""

    served: bool
    reason: str
    lost_sign: bool = False


def distance_km(a: Point, b: Point) -> float:
    """Great-circle distance (haversine)."""
    lat_a, lon_a, lat_b, lon_b = map(radians, (*a, *b))
    chord = sin((lat_b - lat_a) / 2) ** 2 + cos(lat_a) * cos(lat_b) * sin((lon_b - lon_a) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * asin(sqrt(chord))


def inside_polygon(point: Point, polygon: Sequence[Point]) -> bool:
    """Even-odd rule over the polygon's edges; the last corner joins the first. Not for areas across the date line."""
    lat, lon = point
    inside = False
    for (lat_a, lon_a), (lat_b, lon_b) in zip(polygon, [*polygon[1:], polygon[0]], strict=True):
        if (lat_a > lat) != (lat_b > lat) and lon < (lon_b - lon_a) * (lat - lat_a) / (lat_b - lat_a) + lon_a:
            inside = not inside
    return inside


def holds_position(area: Area, position: Point) -> bool:
    """Inside the area's polygon or its circle; on the circle's line counts as inside."""
    if area.polygon and inside_polygon(position, area.polygon):
        return True
    return area.centre is not None and distance_km(area.centre, position) <= area.radius_km


def judge(areas: Iterable[Area], place: Place) -> Verdict:
    """The most precise thing known decides: a position over a postcode, a postcode over a city code.
    A city may be named as an area is: so our catalogue tells it.

    A provider without areas serves everywhere. A position that falls inside only with the sign of its latitude or
    longitude turned is taken as served with `lost_sign`: the guide's own sample has lost its minus.
    """
    areas = list(areas)
    if not areas:
        return Verdict(True, "the provider serves everywhere")
    spatial = [area for area in areas if area.speaks_of_positions()]
    if place.position and spatial:
        return _judge_position(spatial, place.position)
    for name, value, aspect in (
        ("postcode", normal(place.postcode), "postcodes"),
        ("city", normal(place.city_code), "city_codes"),
    ):
        listing = [area for area in areas if getattr(area, aspect)]
        if value and listing:
            home = next((area for area in areas if value in _known_as(area, aspect)), None)
            if home:
                return Verdict(True, f"{name} {value} is in {home.name}")
            return Verdict(False, f"{name} {value} is in no service area")
    return Verdict(True, "nothing known of the place speaks against it")


def _known_as(area: Area, aspect: str) -> set[str]:
    names = [area.name] if aspect == "city_codes" else []
    return {normal(code) for code in (*getattr(area, aspect), *names)}


def _judge_position(areas: list[Area], position: Point) -> Verdict:
    home = next((area for area in areas if holds_position(area, position)), None)
    if home:
        return Verdict(True, f"the position is in {home.name}")
    lat, lon = position
    for mirrored in ((lat, -lon), (-lat, lon), (-lat, -lon)):
        home = next((area for area in areas if holds_position(area, mirrored)), None)
        if home:
            reason = f"the position is in {home.name} only as {mirrored[0]:g}, {mirrored[1]:g}: a sign seems lost"
            return Verdict(True, reason, lost_sign=True)
    return Verdict(False, "the position is outside every service area")


def normal(code: str) -> str:
    """Codes are compared without case and without white space."""
    return "".join(code.split()).upper()
