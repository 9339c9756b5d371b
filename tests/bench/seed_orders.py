"""The orders and all that hangs on them: papers, visits, meters, the timeline, letters, what people said."""

from connections.models import (
    Application,
    Document,
    DocumentVersion,
    Event,
    EventWords,
    Feedback,
    Hold,
    Letter,
    PersonalDataView,
    SearchWord,
    Submission,
    SupportRequest,
)
from fieldwork.models import FieldAct, Finding, Installation, Meter, Photo, Visit
from tests.bench.filling import fill
from tests.bench.seed_catalogue import CREW, PAPERS

CLERK = "(SELECT min(id) FROM auth_user WHERE username = 'seed-clerk')"
POWER = "state = 'CONNECTION_ESTABLISHED'"
PAID = f"{POWER} AND n % 100 <> 18"  # one connection in a hundred is still owed for
TECHNICIAN = f"(SELECT min(t.id) FROM fieldwork_technician AS t WHERE t.provider_id = plan.provider_id) + n % {CREW}"
# What happens to an order: the step, what it is about, the state then, how far the order must have come, on which day.
LIFE = """(VALUES
    (1, 'application.opened', '', 'DRAFT', 0, 0),
    (2, 'application.scheduled', '', 'SCHEDULED', 1, 0),
    (3, 'visit.scheduled', 'Assessment visit', 'SCHEDULED', 1, 0),
    (4, 'document.submitted', 'ID proof', 'SCHEDULED', 1, 1),
    (5, 'document.submitted', 'Ownership', 'SCHEDULED', 1, 1),
    (6, 'document.submitted', 'Wiring', 'SCHEDULED', 1, 1),
    (7, 'visit.rescheduled', 'Assessment visit', 'SCHEDULED', 1, 2),
    (8, 'visit.assigned', 'Assessment visit', 'SCHEDULED', 2, 3),
    (9, 'application.technician_assigned', '', 'TECHNICIAN_ASSIGNED', 2, 3),
    (10, 'visit.en_route', 'Assessment visit', 'TECHNICIAN_ASSIGNED', 3, 5),
    (11, 'visit.on_site', 'Assessment visit', 'TECHNICIAN_ASSIGNED', 3, 5),
    (12, 'visit.completed', 'Assessment visit', 'TECHNICIAN_ASSIGNED', 3, 5),
    (13, 'application.assessment_completed', '', 'ASSESSMENT_COMPLETED', 3, 5),
    (14, 'document.verified', 'ID proof', 'ASSESSMENT_COMPLETED', 4, 6),
    (15, 'document.verified', 'Ownership', 'ASSESSMENT_COMPLETED', 4, 6),
    (16, 'document.verified', 'Wiring', 'ASSESSMENT_COMPLETED', 4, 6),
    (17, 'application.approved', '', 'APPROVED', 4, 7),
    (18, 'visit.scheduled', 'Installation visit', 'APPROVED', 4, 7),
    (19, 'visit.assigned', 'Installation visit', 'APPROVED', 5, 9),
    (20, 'visit.en_route', 'Installation visit', 'APPROVED', 5, 20),
    (21, 'visit.on_site', 'Installation visit', 'APPROVED', 5, 20),
    (22, 'visit.completed', 'Installation visit', 'APPROVED', 5, 20),
    (23, 'meter.installed', 'Meter', 'APPROVED', 5, 20),
    (24, 'application.connection_established', '', 'CONNECTION_ESTABLISHED', 5, 20),
    (25, 'voucher.issued', 'Invoice', 'CONNECTION_ESTABLISHED', 5, 20),
    (26, 'payment.recorded', '150.00 USD', 'CONNECTION_ESTABLISHED', 5, 20),
    (27, 'application.ended', '', '', 9, 20)) AS life (number, kind, subject, state, rank, day)"""
MAILED = "('application.scheduled', 'application.technician_assigned', 'application.approved'," + (
    " 'application.connection_established', 'application.cancelled', 'application.failed', 'voucher.issued')"
)
WRITTEN = "repeat('We tell you how your new connection stands. ', 8)"
HASH = "encode(sha256((n || '-' || life.number)::text::bytea), 'hex')"


def applications() -> int:
    return fill(
        Application,
        "FROM plan",
        id="n",
        provider="provider_id",
        offering="offering_id",
        number="CASE WHEN rank > 0 THEN 'u' || provider_id || '-' || to_char(n, 'FM9999999000') END",
        source="coalesce(bap, 'counter')",
        source_reference="CASE WHEN bap IS NULL THEN 'P-' || n ELSE md5('tx' || n)::uuid::text END",
        applicant_name="name",
        applicant_phone="'+1415' || lpad((n % 10000000)::text, 7, '0')",
        applicant_email="CASE WHEN n % 4 < 3 THEN 'person' || n || '@example.com' ELSE '' END",
        billing_name="name",
        address="n % 9999 || ' Valencia Street'",
        postcode="'94110'",
        city_code="'NANP:628'",
        latitude="37.75 + (n % 1000) * 0.0001",
        longitude="-122.42 + (n % 777) * 0.0001",
        requested_load_kw="1 + n % 9",
        attention="CASE WHEN ended_at IS NULL AND n % 20 = 0 THEN 'Check the position.' ELSE '' END",
        fulfillment_state="state",
        owes=f"NOT ({PAID})",
        reason="CASE WHEN state IN ('CANCELLED', 'FAILED') THEN 'Moved away' ELSE '' END",
        created_at="created_at",
        updated_at="coalesce(ended_at, created_at)",
        ordered_at="CASE WHEN rank > 0 THEN ordered_at END",
        ended_at="ended_at",
        energised_at=f"CASE WHEN {POWER} THEN ended_at END",
        meter_serial=f"CASE WHEN {POWER} THEN 'M' || n ELSE '' END",
        meter_type=f"CASE WHEN {POWER} THEN 'SMART_METER' ELSE '' END",
        seal_number=f"CASE WHEN {POWER} THEN 'S' || n ELSE '' END",
        initial_reading_kwh=f"CASE WHEN {POWER} THEN 0 END",
        consumer_number=f"CASE WHEN {POWER} THEN 'U' || provider_id || '-' || lpad(n::text, 8, '0') END",
        sanctioned_load_kw=f"CASE WHEN {POWER} THEN 1 + n % 9 END",
    )


def search_words() -> int:
    """As connections/searching.py writes them."""
    words = (
        "ARRAY[split_part(lower(name), ' ', 1), split_part(lower(name), ' ', 2), 'valencia', 'street',"
        " CASE WHEN n % 4 < 3 THEN 'person' || n || '@example.com' END,"
        " CASE WHEN bap IS NULL THEN 'p-' || n ELSE md5('tx' || n)::uuid::text END,"
        " '#' || reverse('1415' || lpad((n % 10000000)::text, 7, '0'))]"
    )
    spoken = "ARRAY[split_part(lower(name), ' ', 1), split_part(lower(name), ' ', 2), 'valencia', 'street']"
    beside = f"(SELECT string_agg(' ' || w, '' ORDER BY w) FROM unnest({spoken}) AS w)"
    given = f"FROM plan, unnest({words}) AS word WHERE word IS NOT NULL"
    kept = f"CASE WHEN word LIKE '#%' THEN '' ELSE {beside} END"
    return fill(SearchWord, given, application="n", word="word", beside=kept)


def documents() -> int:
    """Verified once approved; of those that ended before, and of those under way, some wait, some never came."""
    return fill(
        Document,
        f"FROM plan, {PAPERS} AS paper (position, code, name)",
        application="n",
        provider="provider_id",
        code="paper.code",
        name="paper.name",
        position="paper.position",
        state="CASE WHEN rank >= 4 THEN 'VERIFIED' WHEN rank = 0 OR n % 3 = 0 THEN 'PENDING' ELSE 'SUBMITTED' END",
        updated_at="created_at + interval '6 days'",
    )


def submissions() -> int:
    values = {"id": "md5('submission' || n)::uuid", "application": "n", "source": "coalesce(bap, 'browser')"}
    return fill(Submission, "FROM plan WHERE rank > 0", **values, created_at="ordered_at")


def versions() -> int:
    return fill(
        DocumentVersion,
        "FROM connections_document AS d JOIN plan ON n = d.application_id WHERE d.state <> 'PENDING'",
        document="d.id",
        submission="md5('submission' || n)::uuid",
        number="1",
        file="'documents/' || md5(d.id::text)",
        original_name="'scan.jpg'",
        media_type="'image/jpeg'",
        size="200000",
        sha256="md5(d.id::text) || md5(d.code)",
        verdict="d.state",
        created_at="d.updated_at",
    )


def holds() -> int:
    closed = "CASE WHEN ended_at IS NOT NULL THEN created_at + interval '4 days' END"
    waits = {"reason": "'Wiring diagram is needed again'", "ball": "'APPLICANT'", "closed_at": closed}
    return fill(Hold, "FROM plan WHERE rank > 0 AND n % 10 = 1", application="n", opened_at="created_at", **waits)


def visits() -> int:
    """The assessment, and once approved the installation; those to come have their technicians spread over days."""
    state = (
        "CASE WHEN rank >= k.done THEN 'COMPLETED' WHEN ended_at IS NOT NULL THEN 'CANCELLED'"
        " WHEN rank = 2 THEN 'ASSIGNED' ELSE 'SCHEDULED' END"
    )
    kinds = "(VALUES ('ASSESSMENT', 1, 3, 5), ('INSTALLATION', 4, 5, 20)) AS k (kind, planned, done, day)"
    begins = "created_at + k.day * interval '1 day'"
    return fill(
        Visit,
        f"FROM plan, {kinds} WHERE rank >= k.planned",
        application="n",
        kind="k.kind",
        state=state,
        technician=f"CASE WHEN rank >= 2 THEN {TECHNICIAN} END",
        window_start=begins,
        window_end=f"{begins} + interval '2 hours'",
        created_at="created_at",
        completed_at=f"CASE WHEN rank >= k.done THEN {begins} END",
    )


DONE = "FROM fieldwork_visit AS v WHERE v.state = 'COMPLETED'"


def findings() -> int:
    measured = {"feasible": "true", "phase": "'SINGLE_PHASE'", "load_kw": "10", "service_drop_m": "12"}
    return fill(Finding, f"{DONE} AND v.kind = 'ASSESSMENT'", visit="v.id", **measured)


def acts() -> int:
    steps = DONE.replace("WHERE", ", (VALUES ('set_out'), ('arrive'), ('complete')) AS a (action) WHERE")
    values = {"technician": "v.technician_id", "action": "a.action", "happened_at": "v.completed_at"}
    return fill(FieldAct, steps, client_id="gen_random_uuid()", visit="v.id", **values, received_at="v.completed_at")


def photos() -> int:
    values = {"kind": "'PREMISES'", "file": "'photos/' || md5(v.id::text)", "media_type": "'image/jpeg'"}
    return fill(Photo, DONE, visit="v.id", **values, taken_at="v.completed_at")


def meters() -> int:
    """One on the wall for each connection; and a stock of two in a hundred orders."""
    values = {"type": "'SMART_METER'", "phase": "'SINGLE_PHASE'", "max_load_kw": "15", "provider": "provider_id"}
    hung = fill(Meter, f"FROM plan WHERE {POWER}", serial="'M' || n", state="'INSTALLED'", application="n", **values)
    return hung + fill(Meter, "FROM plan WHERE n % 50 = 0", serial="'STOCK-' || n", **values)


def installations() -> int:
    joined = "FROM fieldwork_visit AS v JOIN fieldwork_meter AS m ON m.application_id = v.application_id"
    wall = f"{joined} WHERE v.kind = 'INSTALLATION' AND v.state = 'COMPLETED'"
    values = {"meter": "m.id", "seal_number": "'S' || v.application_id", "initial_reading_kwh": "0"}
    return fill(Installation, wall, visit="v.id", **values)


def events() -> int:
    """All of them announced but the last few; `ended` stands for whichever end it was."""
    kind = "CASE WHEN life.kind = 'application.ended' THEN 'application.' || lower(plan.state) ELSE life.kind END"
    ended = "(life.kind = 'application.ended' AND plan.state IN ('CANCELLED', 'FAILED'))"
    at = "created_at + life.day * interval '1 day'"
    return fill(
        Event,
        f"FROM plan JOIN {LIFE} ON plan.rank >= life.rank OR {ended} ORDER BY n, life.number",
        application="n",
        chain="'application-' || n",
        number="life.number",
        kind=kind,
        state=f"CASE WHEN {ended} THEN plan.state ELSE life.state END",
        subject="life.subject",
        actor="CASE WHEN life.number < 3 THEN coalesce('buyer app ' || bap, 'staff anna') ELSE 'staff anna' END",
        user=f"CASE WHEN life.number > 3 THEN {CLERK} END",
        facts="""'{"came_from": "SCHEDULED"}'::jsonb""",
        hash=HASH,
        at=at,
        announced_at=f"{at} + interval '1 second'",
    )


def words() -> int:
    ended = "FROM connections_event AS e WHERE e.kind IN ('application.cancelled', 'application.failed')"
    said = """'{"reason": "Moved away"}'::jsonb"""
    return fill(EventWords, ended, event="e.id", salt="md5(e.id::text)", words=said)


def letters() -> int:
    told = f"FROM connections_event AS e JOIN plan ON n = e.application_id WHERE n % 4 < 3 AND e.kind IN {MAILED}"
    told += " ORDER BY e.at, e.id"  # the newest are of every provider
    values = {
        "provider": "provider_id",
        "state": "'SENT'",
        "subject": "'Your connection'",
        "text": WRITTEN,
        "html": f"'<p>' || {WRITTEN}",
    }
    when = {"due_at": "e.at", "created_at": "e.at", "sent_at": "e.at"}
    return fill(Letter, told, application="n", event="e.id", to="'person' || n || '@example.com'", **values, **when)


def ratings() -> int:
    values = {"category": "'Order'", "value": "4", "comment": "'Quick and friendly.'"}
    return fill(Feedback, f"FROM plan WHERE {POWER} AND n % 5 = 0", application="n", **values)


def calls_for_help() -> int:
    done = "CASE WHEN ended_at IS NOT NULL THEN created_at + interval '2 days' END"
    values = {
        "provider": "provider_id",
        "reference": "'u' || n",
        "source": "'bap-1.example'",
        "callback_phone": "'+1415' || n",
        "done_at": done,
    }
    return fill(SupportRequest, "FROM plan WHERE n / 50 % 30 = 0", application="n", asked_at="created_at", **values)


def views() -> int:
    values = {"application": "n", "thing": "'application-' || n", "since": "created_at", "at": "created_at"}
    return fill(PersonalDataView, "FROM plan WHERE rank > 0", user=CLERK, **values)


STEPS = [
    *(applications, search_words, documents, submissions, versions, holds, visits, findings, acts, photos, meters),
    installations,
    *(events, words, letters, ratings, calls_for_help, views),
]
