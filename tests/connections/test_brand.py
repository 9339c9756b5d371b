"""A provider's colour can be read wherever it is used, whatever colour it is."""

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from connections.brand import DARK_GROUNDS, LIGHT_GROUNDS, contrast, dark_tones, ink_on, light_tones, mix
from tests.factories import provider, scheduled_application

colours = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@given(colours)
def test_every_colour_can_be_read_in_light_and_in_dark(colour: str) -> None:
    for tones, grounds in ((light_tones(colour), LIGHT_GROUNDS), (dark_tones(colour), DARK_GROUNDS)):
        assert contrast(tones.ink, tones.brand) >= 4.5
        assert all(contrast(tones.brand, ground) >= 4.5 for ground in (*grounds, tones.soft))


@pytest.mark.parametrize(("one", "other", "ratio"), [("#000000", "#ffffff", 21), ("#777777", "#ffffff", 4.48)])
def test_the_contrast_is_that_of_the_guidelines(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == pytest.approx(ratio, abs=0.005)
    assert contrast(one, other) == contrast(other, one)


def test_a_colour_that_can_be_read_stays_as_it_is() -> None:
    assert light_tones("#0b4f8a").brand == "#0b4f8a"
    assert ink_on("#0b4f8a") == "#ffffff"
    assert ink_on("#ffd400") == "#000000"
    assert mix("#000000", "#ffffff", 0.5) == "#808080"


@pytest.mark.django_db
def test_the_pages_take_the_colour_from_a_sheet_that_may_be_kept_for_good() -> None:
    provider(brand_colour="#0b4f8a")
    page = Client().get(f"/track/{scheduled_application().tracking_id}/").content.decode()
    address = "/brand/sf_electric_authority.css?v=0b4f8a"

    sheet = Client().get(address)

    assert f'<link rel="stylesheet" href="{address}">' in page
    assert "--brand: #0b4f8a; --brand-ink: #ffffff;" in sheet.content.decode()
    assert sheet["Content-Type"].startswith("text/css")
    assert "immutable" in sheet["Cache-Control"]


@pytest.mark.django_db
def test_an_address_that_names_another_colour_is_kept_only_a_moment() -> None:
    provider(brand_colour="#0b4f8a")

    assert Client().get("/brand/sf_electric_authority.css?v=ffffff")["Cache-Control"] == "public, max-age=60"
    assert Client().get("/brand/nobody.css").status_code == 404


@pytest.mark.django_db
def test_without_a_colour_our_own_stays() -> None:
    provider()

    page = Client().get(f"/track/{scheduled_application().tracking_id}/").content.decode()

    assert "/brand/" not in page
    assert Client().get("/brand/sf_electric_authority.css").content == b""
