"""What a search finds, as a table of cases, and why it does not find the rest."""

import json
from typing import Any

import pytest

from beckn_adapter.handlers.search import read_criteria
from connections.models import Offering, PriceLine, Provider, ServiceArea
from connections.shelf import shelf
from tests.beckn_adapter.conversation import ask, request, search

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("guide")]

HOME, SHOP = "new-resi-connection", "new-comm-connection"
BOTH = [HOME, SHOP]


def tags(**values: str) -> list[dict[str, Any]]:
    listed = [{"descriptor": {"code": code.replace("_", "-")}, "value": value} for code, value in values.items()]
    return [{"descriptor": {"code": "connection-type"}, "list": listed}]


def stop(**location: Any) -> dict[str, Any]:
    return {"stops": [{"type": "end", "location": location}]}


CASES = [
    ("nothing at all", {}, BOTH),
    ("the guide's sentence", {"descriptor": {"name": "Request for a new electricity connection"}}, BOTH),
    ("the category in the guide's spelling", {"category": {"descriptor": {"code": "electricity-connection"}}}, BOTH),
    ("the category in the taxonomy's", {"category": {"descriptor": {"code": "ELECTRICITY_CONNECTION"}}}, BOTH),
    ("the category by its name", {"category": {"descriptor": {"name": "Electricity Connection"}}}, BOTH),
    ("a word that tells one from the other", {"descriptor": {"name": "commercial connections"}}, [SHOP]),
    ("the provider's name", {"descriptor": {"name": "San Francisco Electric Authority"}}, BOTH),
    ("a word that nobody here uses", {"descriptor": {"name": "pizza"}}, []),
    ("an odd word beside one of ours", {"descriptor": {"name": "residential pizza"}}, [HOME]),
    ("our provider", {"provider": {"id": "sf_electric_authority"}}, BOTH),
    ("another provider", {"provider": {"id": "oakland_power"}}, []),
    ("an item by its id", {"item": {"id": SHOP}}, [SHOP]),
    ("an item by its name", {"item": {"descriptor": {"name": "Residential"}}}, [HOME]),
    ("a position in the city", {"fulfillment": stop(gps="37.774921,-122.419424")}, BOTH),
    ("a position whose sign is lost", {"fulfillment": stop(gps="37.774921,122.419424")}, BOTH),
    ("a position elsewhere", {"fulfillment": stop(gps="40.7,-74.0")}, []),
    ("a position, as 1.2 writes it", {"location": {"gps": "40.7,-74.0"}}, []),
    (
        "the stop before intent.location",
        {"fulfillment": stop(gps="37.77,-122.42"), "location": {"gps": "40.7,-74.0"}},
        BOTH,
    ),
    ("a city that is served", {"location": {"city": {"code": "NANP:415"}}}, BOTH),
    ("a city that is not", {"location": {"city": {"code": "NANP:212"}}}, []),
    ("a city by the name that our catalogue tells", {"location": {"city": {"name": "san francisco"}}}, BOTH),
    ("a city by a name that nobody has", {"location": {"city": {"name": "New York"}}}, []),
    ("the premises' city by a name that nobody has", {"fulfillment": stop(city={"name": "New York"})}, []),
    ("a city by its code beside another name", {"location": {"city": {"code": "NANP:415", "name": "SF"}}}, BOTH),
    ("a position in a city of another name", {"fulfillment": stop(gps="37.77,-122.42", city={"name": "SF"})}, BOTH),
    ("a load for a home", {"tags": tags(requested_load_kw="3")}, [HOME]),
    ("a load for both", {"tags": tags(requested_load_kw="12")}, BOTH),
    ("a load for nobody", {"tags": tags(requested_load_kw="900")}, []),
    ("a phase", {"tags": tags(phase="Three Phase")}, [SHOP]),
    ("a phase under its long name", {"tags": tags(connection_phase="SINGLE_PHASE")}, [HOME]),
    ("a phase that does not exist", {"tags": tags(phase="Quadruple")}, []),
    ("a property type", {"tags": tags(property_type="commercial")}, [SHOP]),
    ("a user type that is not served", {"tags": tags(user_type="PRODUCER")}, []),
    ("a phase in the item's own tags", {"item": {"tags": tags(phase="Three Phase")}}, [SHOP]),
    ("a load in the item's own tags", {"item": {"tags": tags(requested_load_kw="3")}}, [HOME]),
    ("an item by its code", {"item": {"descriptor": {"code": SHOP}}}, [SHOP]),
    ("an item by a code that nobody has", {"item": {"descriptor": {"code": "gas"}}}, []),
    ("the category by its id", {"category": {"id": "1"}}, BOTH),
    ("a category that we have not", {"category": {"id": "99"}}, []),
    ("our provider by its name", {"provider": {"descriptor": {"name": "San Francisco Electric Authority"}}}, BOTH),
    ("a provider by a name that nobody has", {"provider": {"descriptor": {"name": "Pizza Palace"}}}, []),
    ("our way of serving", {"fulfillment": {"type": "On-Site"}}, BOTH),
    ("a way of serving that we have not", {"fulfillment": {"type": "DELIVERY"}}, []),
    ("a circle in the city", {"location": {"circle": {"gps": "37.774921,-122.419424"}}}, BOTH),
    ("a circle elsewhere", {"fulfillment": stop(circle={"gps": "40.7,-74.0"})}, []),
    (
        "the end of a line that starts elsewhere",
        {
            "fulfillment": {
                "stops": [{"type": "START", "location": {"gps": "40.7,-74.0"}}, *stop(gps="37.77,-122.42")["stops"]]
            }
        },
        BOTH,
    ),
    ("a tag that we do not know", {"tags": tags(colour="blue")}, BOTH),
]


@pytest.mark.parametrize(("case", "intent", "found"), CASES, ids=[case[0] for case in CASES])
def test_search_finds_what_fits(case: str, intent: dict[str, Any], found: list[str]) -> None:
    assert search(**intent) == found


def test_the_city_of_the_context_counts_where_the_intent_names_no_place() -> None:
    elsewhere = {"city": {"code": "NANP:212"}}

    answer = ask("search", {"intent": {}}, location=elsewhere)

    assert answer["message"] == {"catalog": {"providers": []}}


def test_the_name_of_a_city_goes_before_the_city_of_the_context() -> None:
    elsewhere = {"city": {"code": "NANP:212"}}

    answer = ask("search", {"intent": {"location": {"city": {"name": "San Francisco"}}}}, location=elsewhere)

    assert len(answer["message"]["catalog"]["providers"]) == 1


def test_a_search_without_an_intent_is_answered_with_everything() -> None:
    assert len(ask("search", {})["message"]["catalog"]["providers"]) == 1


def test_what_speaks_against_an_offering_can_be_told() -> None:
    wanted = {"intent": {"tags": tags(phase="Three Phase", requested_load_kw="900")}}

    criteria, catalogue = read_criteria(request("search", wanted)), shelf()
    home = next(offering for offering in catalogue.on_sale() if offering.code == HOME)

    against = catalogue.against(home, criteria, catalogue.wanted(criteria.words))

    assert tuple(against) == ("the phase is SINGLE_PHASE, not THREE_PHASE", "900.00 kW is outside 1.00 to 20.00 kW")


def test_the_price_of_a_search_is_the_price_for_the_load_that_it_names() -> None:
    PriceLine.objects.create(
        offering=Offering.objects.get(code=HOME), title="Reinforcement", kind="PER_KW", amount=30, included_kw=5
    )

    catalogue = ask("search", {"intent": {"tags": tags(requested_load_kw="7")}})["message"]["catalog"]

    assert catalogue["providers"][0]["items"][0]["price"] == {"estimated_value": "260", "currency": "USD"}


def test_a_load_that_is_no_number_is_told_with_its_path() -> None:
    answer = ask("search", {"intent": {"tags": tags(requested_load_kw="much")}})

    assert answer["error"] == {
        "code": "30000",
        "message": "The requested load (kW) is 'much', a number was expected.",
        "paths": "/message/intent/tags/0/list/0/value",
    }
    assert "message" not in answer


def test_the_catalogue_tells_categories_locations_and_the_way_of_serving() -> None:
    provider = ask("search", {"intent": {}})["message"]["catalog"]["providers"][0]

    assert provider["categories"][0]["descriptor"]["code"] == "electricity-connection"
    assert provider["locations"] == [{"id": "1", "city": {"name": "San Francisco"}}]
    assert provider["fulfillments"] == [{"id": "1", "type": "ONSITE", "tracking": True}]
    assert provider["items"][1]["price"] == {"estimated_value": "500", "currency": "USD"}
    assert provider["items"][1]["tags"][1]["list"][0]["value"] == "Business license, wiring plan, ID proof"


def test_two_utilities_stand_behind_one_platform() -> None:
    oakland = Provider.objects.create(code="oakland_power", name="Oakland Power", currency="USD", order_prefix="oak")
    ServiceArea.objects.create(provider=oakland, name="Oakland", city_codes=["NANP:510"], postcodes=["94601"])
    Offering.objects.create(
        provider=oakland,
        code="home",
        name="Home Connection",
        property_type="RESIDENTIAL",
        phase="SINGLE_PHASE",
        max_load_kw=10,
    )

    assert search(location={"city": {"code": "NANP:510"}}) == ["home"]
    assert search(location={"area_code": "94601"}) == ["home", HOME, SHOP]
    assert search(location={"city": {"code": "NANP:628"}}) == BOTH


def test_what_is_switched_off_is_not_found() -> None:
    Offering.objects.filter(code=HOME).update(active=False)
    assert search() == [SHOP]

    Provider.objects.update(active=False)
    assert search() == []


def test_the_taxonomy_profile_writes_upper_snake(settings: Any) -> None:
    settings.BECKN_WIRE_PROFILE = "taxonomy"

    catalogue = json.dumps(ask("search", {"intent": {}}))

    for code in ("ELECTRICITY_CONNECTION", "RESIDENTIAL", "SINGLE_PHASE", "CONSUMER", "ON_SITE"):
        assert f'"{code}"' in catalogue
    assert "Single Phase" not in catalogue


def test_a_catalogue_that_is_ready_costs_one_query_however_large_it_is(django_assert_num_queries: Any) -> None:
    sfea = Provider.objects.get()
    for n in range(10):
        Offering.objects.create(
            provider=sfea, code=f"o{n}", name="x", property_type="RESIDENTIAL", phase="SINGLE_PHASE", max_load_kw=9
        )
    everything = read_criteria(request("search", {"intent": {}}))
    shelf()

    with django_assert_num_queries(1):
        found = shelf().fitting(everything)

    assert len(found) == 12
