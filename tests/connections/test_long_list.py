"""Lists that grow: bounded counts in words, known values by hops, orders found by the beginnings of words."""

import re
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from connections.admin.document import DocumentAdmin
from connections.admin.long_list import BoundedPaginator, count_some
from connections.models import Application, Document, Letter, SearchWord
from connections.privacy.own import erase_person_of
from connections.searching import find, words_of
from connections.services import Applicant, Premises, amend_application
from tests.connections.desk import APPLICATIONS, boss
from tests.factories import SYSTEM, application, scheduled_application

pytestmark = pytest.mark.django_db
DOCUMENTS = "/admin/connections/document/"
put_words_beside = import_module("connections.migrations.0002_words_beside").put_words_beside


def test_counting_stops_at_its_bound_and_says_so() -> None:
    for _ in range(3):
        application()

    assert (count_some(Application.objects.all(), 2), count_some(Application.objects.all(), 2).words) == (2, "over 2")
    assert count_some(Application.objects.all(), 3).words == "3"


def test_rows_are_counted_in_the_order_in_which_they_are_soon_found() -> None:
    order = scheduled_application()
    letters, applications, since = Letter.objects.all(), Application.objects.all(), order.created_at

    with CaptureQueriesContext(connection) as asked:
        assert count_some(letters.filter(provider=order.provider)) == letters.count() > 0
        assert count_some(letters.filter(created_at__gte=since)) == letters.count()
        count_some(letters.filter(application__number=order.number))
        count_some(applications.filter(provider=order.provider))
        count_some(applications.filter(updated_at__gte=since))  # which has no index

    words = [re.search(r'ORDER BY "\w+"."(\w+)" DESC', query["sql"]) for query in asked if "subquery" in query["sql"]]
    assert [found and found[1] for found in words] == [None, "created_at", "id", "id", "id"]


def test_a_list_beyond_the_bound_says_that_there_are_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BoundedPaginator, "most", 1)
    application(), application()

    assert "More than 1" in boss().get(APPLICATIONS).content.decode()


def test_what_a_search_found_is_not_looked_for_again_to_count_it_and_to_show_a_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(DocumentAdmin, "list_per_page", 2)
    wanted, client = [application(), application()], boss()
    application(applicant=Applicant("Noor Weber", "+14155554444"))
    papers = Document.objects.filter(application__in=wanted).order_by("-updated_at")

    with CaptureQueriesContext(connection) as asked:
        pages = [client.get(DOCUMENTS, {"q": "jonathan park", "p": n}).context["cl"] for n in (1, 2)]

    looks = [query["sql"] for query in asked if 'FROM "connections_document"' in query["sql"]]
    assert [listed.result_count for listed in pages] == [papers.count()] * 2
    assert [list(listed.result_list) for listed in pages] == [list(papers[:2]), list(papers[2:4])]
    assert [re.search(r"IN \(([\d, ]+)\)", sql)[1].count(",") + 1 for sql in looks] == [2] * 4  # type: ignore[index]


def test_what_a_search_found_can_be_narrowed_and_shown_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DocumentAdmin, "list_per_page", 2)
    papers = application().documents.order_by("-updated_at")
    verified = papers.filter(pk=papers[0].pk)
    verified.update(state="VERIFIED")
    client = boss()

    narrowed = client.get(DOCUMENTS, {"q": "jonathan park", "state__exact": "VERIFIED"}).context["cl"]
    whole = client.get(DOCUMENTS, {"q": "jonathan park", "all": ""}).context["cl"]

    assert (narrowed.result_count, list(narrowed.result_list)) == (1, list(verified))
    assert list(whole.result_list) == list(papers)


def test_values_of_a_filter_are_found_by_one_hop_each() -> None:
    application(source="b.test"), application(source="a.test"), application(source="b.test")

    with CaptureQueriesContext(connection) as asked:
        page = boss().get(APPLICATIONS)

    spec = next(spec for spec in page.context["cl"].filter_specs if spec.title == "source")
    assert spec.values == ["a.test", "b.test"]
    assert sum("DISTINCT" in query["sql"] for query in asked) == 0


def test_words_are_of_names_place_mail_reference_and_the_telephone_backwards() -> None:
    draft = Application(
        applicant_name="Ann Lee",
        billing_name="ANN Straße",
        applicant_phone="+1 (415) 555-3333",
        applicant_email="Ann@example.com",
        address="12 Valencia St, 4b",
        source_reference="P-17",
    )

    assert words_of(draft) == {"ann", "lee", "strasse", "#33335555141", "ann@example.com", "valencia", "p-17"}


def test_every_word_given_begins_a_word_of_the_order() -> None:
    wanted = application(applicant=Applicant("Jonathan Park", "+14155553333"))
    application(applicant=Applicant("Jonathan Hill", "+14155554444"))

    assert find("par jon") == [wanted.pk]
    assert find("onathan") == find("jonathan ark") == []


def test_a_name_may_go_with_a_street_an_e_mail_and_a_reference() -> None:
    place = Premises(address="7 Guerrero Street", postcode="94110", city_code="NANP:628")
    asked = {"source": "counter", "source_reference": "P-17", "premises": place}
    wanted = application(applicant=Applicant("Jonathan Park", "+14155553333", "jp@example.com"), **asked)
    application(applicant=Applicant("Jonathan Park", "+14155554444", "other@example.com"))

    terms = ["guerr park", "jonathan jp@", "P-17 jonathan", "street p-17 jp@example.com par", "jonathan park 17"]
    assert [find(term) for term in terms] == [[wanted.pk]] * 4 + [[]]


def test_what_an_older_release_wrote_is_found_by_several_words_too() -> None:
    wanted = application(applicant=Applicant("Jonathan Park", "+14155553333"))
    application(applicant=Applicant("Jonathan Hill", "+14155554444"))
    SearchWord.objects.update(beside="")

    assert find("par jon") == [wanted.pk]


def test_the_words_that_an_older_release_wrote_are_put_beside_each_other() -> None:
    for name in ("Jonathan Park", "Zoe 2nd"):
        application(applicant=Applicant(name, "+14155553333", "zoe@example.com"))
    kept = sorted(SearchWord.objects.values_list("application", "word", "beside"))
    SearchWord.objects.update(beside="")

    put_words_beside(apps, SimpleNamespace(connection=connection))

    assert sorted(SearchWord.objects.values_list("application", "word", "beside")) == [
        (pk, word, beside.replace(" 2nd", "")) for pk, word, beside in kept
    ]


def test_what_was_changed_is_found_by_its_new_words_and_what_was_erased_by_none() -> None:
    order = scheduled_application(applicant=Applicant("Kim Lee", "+14155553333", "ann@example.com"))
    amend_application(order, changes={"applicant_name": "Zoe Lee"}, actor=SYSTEM)

    assert (find("kim lee"), find("zoe")) == ([], [order.pk])

    erase_person_of(Application.objects.get(pk=order.pk))
    assert [find(term) for term in ("zoe", "ann@", "4155553333", "valencia")] == [[], [], [], []]
    assert find(order.number) == [order.pk]


def test_a_search_by_street_takes_its_words() -> None:
    wanted = application(premises=Premises(address="7 Guerrero Street", postcode="94110", city_code="NANP:628"))

    assert find("guerrero") == [wanted.pk]


@pytest.mark.parametrize("few", [1, 20_000])
def test_of_a_name_that_many_have_those_are_found_that_are_wanted(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connections.searching.AT_MOST", 2)
    monkeypatch.setattr("connections.searching.FEW", few)
    orders = [scheduled_application(source_reference=str(n)).pk for n in range(3)]
    for n in range(5):
        application(source_reference=f"D-{n}")

    wanted = Application.objects.exclude(number=None)

    assert find("jonathan", wanted, 2) == orders[:0:-1]
    assert find("jonathan", wanted, 9) == orders[::-1]
