"""What the way of a message costs: how many statements, and that none of them reads what was done long ago."""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from beckn_adapter import announce, drain, figures, outbox, questions, settling, waiting
from beckn_adapter.models import Attempt, Callback, Message
from beckn_adapter.privacy import nothing_is_still_to_be_delivered
from connections import post
from connections.lifecycle import Refused
from connections.models import Application, Event, Letter
from connections.shelf import holding
from tests.beckn_adapter.conversation import application, place_order, receive, request
from tests.bench.filling import fill, run
from tests.bench.plans import watch

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("guide")]
DONE = 20_000  # messages, callbacks, attempts and events of long ago
WAITING = 3_000  # the same that came all at once


def statements(act: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as seen:
        act()
    return len([query for query in seen if "SAVEPOINT" not in query["sql"]])


def in_the_inbox(action: str, message: dict[str, Any], count: int = 1) -> None:
    for _ in range(count):
        receive(request(action, message))


def test_a_message_is_kept_with_one_statement() -> None:
    body = request("search", {"intent": {}})

    assert statements(lambda: receive(body, acknowledged=False)) == 1 + 1  # and one in which the test looks for the row


def test_twenty_searches_cost_what_one_costs_but_for_the_answers_three_in_a_statement() -> None:
    in_the_inbox("search", {"intent": {}})
    questions.work_some()  # which makes the catalogue ready
    in_the_inbox("search", {"intent": {}})
    one = statements(questions.answer_questions)
    in_the_inbox("search", {"intent": {}}, 20)

    twenty = statements(questions.answer_questions)

    assert Message.objects.filter(state="HANDLED").count() == 22
    assert one == 6  # by index, the rows, as before; the edition of the catalogue, the answers, the new state
    assert twenty == one + 6


def test_what_is_no_question_is_taken_in_the_same_look_for_one_statement_more() -> None:
    in_the_inbox("search", {"intent": {}})
    questions.work_some()  # which makes the catalogue ready
    in_the_inbox("search", {"intent": {}})
    init = receive(request("init", {"order": application()}))
    taken: list[Message] = []

    cost = statements(lambda: taken.extend(questions.answer_questions().others))

    assert [(row.pk, row.attempts) for row in taken] == [(init.pk, 1)]
    assert cost == 6 + 1  # the lease


def test_an_init_and_a_confirm_cost_so_many_statements_and_no_more() -> None:
    order = {"order": application()}
    first = receive(request("init", order))
    second = receive(request("confirm", order, transaction_id=first.transaction_id))

    with holding():  # as whoever works a batch
        init = statements(lambda: drain.work(first))
        confirm = statements(lambda: drain.work(second))

    assert set(Message.objects.values_list("state", "error")) == {("HANDLED", "")}
    assert init <= 16
    assert confirm <= 17


def test_twenty_deliveries_are_written_down_nearly_like_one() -> None:
    in_the_inbox("search", {"intent": {}}, 21)
    questions.work_some()
    Callback.objects.update(due_at="2026-01-01T00:00Z")
    taken = [outbox.claim(1), outbox.claim(20)]

    costs = [statements(lambda rows=rows: settling.settle(rows, [delivered(row) for row in rows])) for rows in taken]

    assert costs == [3, 3]  # the circuits, their new state, their attempts
    assert Callback.objects.filter(state="DELIVERED", attempts=1).count() == 21


def delivered(row: Callback) -> settling.Result:
    return settling.Result(row.pk, row.due_at, 5, 200, "200 ACK", delivered=True)


# --- Plans ----------------------------------------------------------------------------------------------------------


class States(NamedTuple):
    message: str
    callback: str
    letter: str


ENDED, OPEN = States("HANDLED", "DELIVERED", "SENT"), States("RECEIVED", "DUE", "NEW")


@pytest.fixture
def a_long_past() -> set[str]:
    """Twenty thousand of each, all done with; returns their tables."""
    thread = receive(request("init", {"order": application()}))
    drain.work(thread)
    thread.refresh_from_db()
    order = str(thread.application_id)
    lay_down(DONE, 10_000_000, ENDED, order=order, announced_at="now()")
    tables = {model._meta.db_table for model in (Message, Callback, Attempt, Event, Letter)}
    for table in tables:
        run(f"ANALYZE {table}")
    return tables


@pytest.fixture
def a_sudden_pile(a_long_past: set[str]) -> set[str]:
    """Three thousand of each that wait, of which no statistics tell yet."""
    lay_down(WAITING, 20_000_000, OPEN, order="NULL", announced_at="NULL")
    return a_long_past


def lay_down(count: int, start: int, states: States, *, order: str, announced_at: str) -> None:
    """Messages, callbacks with an attempt each, and events with a letter each, with ids from `start` on."""
    numbers, key = f"FROM generate_series(1, {count}) AS n", f"n + {start}"
    known = {"transaction_id": f"{start} || '-' || n", "message_id": "'past-' || n", "bap_id": "'buyer.test'"}
    handled = {"due_at": "now()", "received_at": "now()", "handled_at": "now()", "state": f"'{states.message}'"}
    bytes_ = {"body": "'{}'", "digest": "''", "signature": "''", "bap_uri": "''"}
    fill(Message, numbers, id=key, action="'search'", **known, **handled, **bytes_)
    sent = {"due_at": "now()", "created_at": "now()", "delivered_at": "now()", "state": f"'{states.callback}'"}
    place = {"url": "''", "host": "'host-' || n % 5", "body": "'{}'"}
    fill(Callback, numbers, id=key, request=key, action="'on_search'", **known, **sent, **place)
    fill(Attempt, numbers, callback=key, at="now()", milliseconds="5", outcome="'200 ACK'")
    told = {"chain": f"'{start}'", "number": "n", "actor": "'system'", "hash": "''", "at": "now()"}
    kind = {"kind": "'application.looked_at'", "state": "''", "announced_at": announced_at}
    fill(Event, numbers, application=order, **kind, **told)
    words = {"to": "'a@example.com'", "subject": "'x'", "text": "'x'", "due_at": "now()", "created_at": "now()"}
    owner, those = "(SELECT min(id) FROM connections_application)", f"FROM connections_event WHERE chain = '{start}'"
    fill(Letter, those, event="id", application=owner, state=f"'{states.letter}'", **words)


ACTS: dict[str, Callable[[], Any]] = {
    "looking whether there is anything to do": waiting.look,
    "answering searches": questions.answer_questions,
    "taking other messages": drain.claim,
    "announcing events": announce.announce_events,
    "taking callbacks": lambda: outbox.claim(32),
}


@pytest.mark.parametrize("act", ACTS)
def test_no_past_makes_it_longer(act: str, a_long_past: set[str]) -> None:
    in_the_inbox("search", {"intent": {}}, 3)

    seen = watch(ACTS[act], a_long_past)

    assert seen.statements
    assert seen.from_end_to_end == []


@pytest.mark.parametrize(
    "act",
    ["looking whether there is anything to do", "taking other messages", "announcing events", "taking callbacks"],
)
def test_a_pile_that_nobody_foresaw_makes_it_hardly_longer(act: str, a_sudden_pile: set[str]) -> None:
    """What waits is taken by its index, a handful at a time, though PostgreSQL believes that nothing waits."""
    seen = watch(ACTS[act], a_sudden_pile, analyze=True)

    assert seen.statements
    assert seen.blocks < WAITING  # a handful is written in some twenty blocks a row; the pile itself has not been read


@pytest.mark.usefixtures("guide", "a_sudden_pile")
def test_a_reading_of_the_figures_counts_a_pile_to_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "MOST_COUNTED", 100)

    told = {sample.name: sample.value for family in figures.families() for sample in family.samples}

    piles = ("inbox_messages", "outbox_callbacks", "events_untold")
    assert [told[f"servicedrop_{pile}"] for pile in piles] == [100, 100, 100]


def status_of(order: Application) -> None:
    transaction_id = order.conversation.transaction_id
    row = receive(request("status", {"order_id": order.number}, transaction_id=transaction_id))
    drain.work(row, outbox.Hands({}))
    assert not row.error


def letters_of(order: Application) -> None:
    with transaction.atomic():
        assert post.WAITING(order.pk)


def ask_whether_it_may_be_erased(order: Application) -> None:
    with pytest.raises(Refused, match="still to be delivered"):
        nothing_is_still_to_be_delivered(order)


ABOUT_AN_ORDER: dict[str, Callable[[Application], Any]] = {
    "answering about it": status_of,
    "looking what is to be written about it": letters_of,
    "asking whether it may be erased": ask_whether_it_may_be_erased,
}
OF_ALL_THAT_WAITS = {
    *("inbox_due", "outbox_due", "outbox_share"),
    *("event_unannounced", "letter_due", "letter_list_of_state"),
}


@pytest.mark.parametrize("act", ABOUT_AN_ORDER)
def test_whoever_asks_about_one_order_reads_nothing_of_what_waits_for_others(act: str, a_long_past: set[str]) -> None:
    place_order()
    order = Application.objects.get(fulfillment_state="SCHEDULED")
    lay_down(WAITING, 20_000_000, OPEN, order="NULL", announced_at="NULL")

    seen = watch(lambda: ABOUT_AN_ORDER[act](order), a_long_past)

    assert seen.statements
    assert seen.from_end_to_end == []
    assert seen.indexes & OF_ALL_THAT_WAITS == set()


def test_handling_and_settling_read_nothing_of_the_past(a_long_past: set[str]) -> None:
    row = receive(request("init", {"order": application()}))
    seen = watch(lambda: drain.work(row), a_long_past)
    Callback.objects.filter(state="DUE").update(due_at="2026-01-01T00:00Z")
    rows = outbox.claim()

    settled = watch(lambda: settling.settle(rows, [delivered(row) for row in rows]), a_long_past)

    assert rows
    assert [*seen.from_end_to_end, *settled.from_end_to_end] == []


def test_the_draft_of_an_init_is_looked_up_by_a_plan_that_is_kept() -> None:
    whose = receive(request("init", {"order": application()}))
    drain.work(whose)
    draft = Application.objects.get()
    links = {"offering": str(draft.offering_id), "provider": str(draft.provider_id), "requested_load_kw": "5"}
    fill(Application, "FROM generate_series(1, 5000) AS n", source="'buyer.test'", source_reference="n::text", **links)
    run("ANALYZE connections_application")
    before = kept_plans()

    for _ in range(12):  # psycopg asks for a plan to keep from the sixth on, PostgreSQL makes it after five more
        drain.work(receive(request("init", {"order": application()}, transaction_id=whose.transaction_id)))

    assert kept_plans() > before


def kept_plans() -> int:
    """How often this connection looked for a draft by a plan that was made for any."""
    looks = "statement LIKE 'SELECT%connections_application%%source_reference%FOR UPDATE'"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COALESCE(SUM(generic_plans), 0) FROM pg_prepared_statements WHERE {looks}")  # noqa: S608 - a constant
        return int(cursor.fetchone()[0])
