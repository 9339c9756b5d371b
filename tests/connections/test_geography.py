"""Where power is wanted, and whether anybody serves there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connections.geography import Area, Place, distance_km, inside_polygon, judge

SQUARE = ((37.70, -122.53), (37.70, -122.35), (37.84, -122.35), (37.84, -122.53))
CITY = Area("the city", city_codes=frozenset({"NANP:628"}), polygon=SQUARE)
ISLAND = Area("the island", postcodes=frozenset({"94130"}), centre=(37.8236, -122.3706), radius_km=1.5)
SUBURB = Area("the suburb", postcodes=frozenset({"94015", "EC1A 1BB"}))
SYDNEY = Area("Sydney", centre=(-33.8688, 151.2093), radius_km=20)
L_SHAPE = ((0.0, 0.0), (0.0, 4.0), (2.0, 4.0), (2.0, 2.0), (4.0, 2.0), (4.0, 0.0))


@pytest.mark.parametrize(
    ("areas", "place", "served", "reason"),
    [
        pytest.param([], Place((0.0, 0.0), "1", "X"), True, "serves everywhere", id="no areas: everywhere"),
        pytest.param([CITY], Place(), True, "nothing known", id="nothing known of the place"),
        pytest.param([CITY], Place((37.774921, -122.419424)), True, "position is in the city", id="inside the polygon"),
        pytest.param([CITY], Place((38.58, -121.49)), False, "outside every", id="outside the polygon"),
        pytest.param([CITY, SYDNEY], Place((-33.9, 151.2)), True, "is in Sydney", id="inside the circle"),
        pytest.param([CITY, SYDNEY], Place((-33.4, 151.2)), False, "outside every", id="outside the circle"),
        pytest.param([SUBURB], Place(postcode="94015"), True, "postcode 94015 is in the suburb", id="on the postcode"),
        pytest.param([SUBURB], Place(postcode="94016"), False, "postcode 94016 is in no", id="on another postcode"),
        pytest.param([SUBURB], Place(postcode=" ec1a1bb "), True, "EC1A1BB is in the suburb", id="postcode as written"),
        pytest.param([CITY], Place(city_code="NANP:628"), True, "city NANP:628 is in", id="by the city code"),
        pytest.param([CITY], Place(city_code="nanp:628"), True, "city NANP:628 is in", id="city code in small"),
        pytest.param([CITY, ISLAND], Place(city_code="The Island"), True, "is in the island", id="by the city's name"),
        pytest.param(
            [CITY], Place(city_code="Springfield"), False, "SPRINGFIELD is in no", id="an unknown city's name"
        ),
        pytest.param([CITY], Place(city_code="NANP:415"), False, "city NANP:415 is in no", id="another city"),
        pytest.param([SUBURB], Place((0.0, 0.0)), True, "nothing known", id="a position where none is asked for"),
        pytest.param([CITY], Place(postcode="10001"), True, "nothing known", id="a postcode where none is asked for"),
    ],
)
def test_a_place_is_judged_by_what_is_known_of_it(areas: list[Area], place: Place, served: bool, reason: str) -> None:
    verdict = judge(areas, place)

    assert verdict.served is served
    assert reason in verdict.reason
    assert not verdict.lost_sign


@pytest.mark.parametrize(
    ("areas", "place", "served"),
    [
        pytest.param([CITY], Place((38.58, -121.49), "", "NANP:628"), False, id="position over city code"),
        pytest.param([CITY], Place((37.77, -122.42), "", "NANP:415"), True, id="position over a wrong city code"),
        pytest.param([ISLAND], Place((38.58, -121.49), "94130"), False, id="position over postcode"),
        pytest.param([CITY, SUBURB], Place(None, "10001", "NANP:628"), False, id="postcode over city code"),
        pytest.param([CITY, SUBURB], Place(None, "94015", "NANP:415"), True, id="postcode over a wrong city code"),
        pytest.param([SUBURB], Place((0.0, 0.0), "94015"), True, id="a position that no area speaks of is passed over"),
    ],
)
def test_the_most_precise_thing_known_decides(areas: list[Area], place: Place, served: bool) -> None:
    assert judge(areas, place).served is served


@pytest.mark.parametrize(
    ("area", "position", "true_position"),
    [
        pytest.param(CITY, (37.774921, 122.419424), "37.7749, -122.419", id="the guide's own sample: longitude"),
        pytest.param(SYDNEY, (33.8688, 151.2093), "-33.8688, 151.209", id="latitude"),
        pytest.param(CITY, (-37.774921, 122.419424), "37.7749, -122.419", id="both"),
    ],
)
def test_a_lost_sign_is_served_and_said(area: Area, position: tuple[float, float], true_position: str) -> None:
    verdict = judge([area], Place(position))

    assert verdict.served
    assert verdict.lost_sign
    assert true_position in verdict.reason


def test_a_position_that_is_nowhere_even_mirrored_is_not_served() -> None:
    verdict = judge([CITY, SYDNEY], Place((51.5, -0.1)))

    assert (verdict.served, verdict.lost_sign) == (False, False)


@pytest.mark.parametrize(
    ("point", "inside"),
    [((1.0, 1.0), True), ((1.0, 3.0), True), ((3.0, 1.0), True), ((3.0, 3.0), False), ((-1.0, 1.0), False)],
)
def test_a_polygon_with_a_bay_does_not_hold_the_bay(point: tuple[float, float], inside: bool) -> None:
    assert inside_polygon(point, L_SHAPE) is inside


@pytest.mark.parametrize(
    ("a", "b", "km"),
    [
        ((37.7749, -122.4194), (37.7749, -122.4194), 0),
        ((0.0, 0.0), (0.0, 90.0), 10007.6),  # a quarter of the equator
        ((37.7749, -122.4194), (34.0522, -118.2437), 559.1),  # San Francisco to Los Angeles
        ((0.0, 179.5), (0.0, -179.5), 111.2),  # across the date line
    ],
)
def test_distances_are_great_circles(a: tuple[float, float], b: tuple[float, float], km: float) -> None:
    assert distance_km(a, b) == pytest.approx(km, abs=0.1)


@given(st.floats(min_value=-90, max_value=90), st.floats(min_value=-180, max_value=180))
def test_every_position_on_earth_gets_a_verdict(lat: float, lon: float) -> None:
    verdict = judge([CITY, ISLAND, SYDNEY], Place((lat, lon)))

    assert verdict.reason
    assert verdict.served or not verdict.lost_sign
