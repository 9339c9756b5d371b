"""The network's traffic of the planned orders, and the searches that led to nothing."""

from beckn_adapter.models import Attempt, Callback, Conversation, Message, Refusal
from tests.bench.filling import fill, one_of, text
from tests.bench.seed_catalogue import BAPS, PROVIDERS

LENGTH = 590  # bytes of a body, about as many as a search has on the wire; its end comes behind them
ASKED = (
    '{"context": {"domain": "service", "version": "1.1.0", "action": "%s", "bap_id": "%s", "bap_uri": "https://%s/beckn",'
    ' "transaction_id": "%s", "message_id": "%s", "timestamp": "%s", "ttl": "PT10M",'
    ' "location": {"country": {"code": "USA"}, "city": {"code": "NANP:628"}}}, "message": {"intent": {'
    '"provider": {"id": "utility-%s"}, "descriptor": {"name": "connection", "short_desc": "'
)
END = '"}}}}'
HEADER = 'rpad(\'Signature keyId="bap.example|k1|ed25519",signature="\', 300, md5(n::text))'
TOLD = "('application.technician_assigned', 'application.assessment_completed', 'application.approved'," + (
    " 'application.connection_established', 'payment.recorded', 'application.cancelled', 'application.failed')"
)
WIRE = {
    "bap_id": "bap",
    "transaction_id": "tx",
    "bap_uri": "'https://' || bap || '/beckn'",
    "digest": "md5(n::text) || md5(bap)",
    "signature": HEADER,
}


def body(action: str, message_id: str, at: str, number: str = "n") -> str:
    """The SQL of a body that can be read: a whole context, and the look for a connection at one of the utilities.

    All four are SQL as well; `bap` and `tx` are columns of what is selected from.
    """
    filled = f"{action}, bap, bap, tx, {message_id}, {written(at)}, ({number}) % {PROVIDERS} + 1"
    return f"convert_to(rpad(format({text(ASKED)}, {filled}), {LENGTH}, md5({message_id})) || {text(END)}, 'UTF8')"


def written(at: str) -> str:
    """The SQL of a moment as it goes over the wire."""
    return f"""to_char(({at}) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')"""


def fill_messages(count: int) -> int:
    """The messages of the orders, and as many searches as make up `count`; the last few are not worked yet."""
    asked = "(VALUES ('select', 0), ('init', 1), ('confirm', 60)) AS a (action, minute)"
    mine = f"FROM (SELECT *, md5('tx' || n)::uuid::text AS tx FROM plan WHERE bap IS NOT NULL) AS o, {asked}"
    at = "created_at + a.minute * interval '1 minute'"
    ours = fill(
        Message,
        f"{mine} WHERE rank > 0 OR a.action <> 'confirm'",
        **WIRE,
        action="a.action",
        message_id="md5(a.action || n)::uuid::text",
        body=body("a.action", "md5(a.action || n)::uuid::text", at),
        state="'HANDLED'",
        attempts="1",
        application="CASE WHEN a.action <> 'select' THEN n END",
        due_at=at,
        received_at=at,
        handled_at=at,
    )
    searches = max(count - ours, 0)
    when = f"now() - ({searches} - n) * (interval '730 days' / {max(searches, 1)})"
    drawn = f"SELECT n, {one_of(BAPS, 'n')} AS bap, md5('search' || n)::uuid::text AS tx, {when} AS at"
    waits = f"n > {searches} - 20"
    state = f"CASE WHEN {waits} THEN 'RECEIVED' WHEN n % 5000 = 0 THEN 'FAILED' ELSE 'HANDLED' END"
    return ours + fill(
        Message,
        f"FROM ({drawn} FROM generate_series(1, {searches}) AS n) AS s",
        **WIRE,
        action="'search'",
        message_id="md5('message' || n)::uuid::text",
        body=body("'search'", "md5('message' || n)::uuid::text", "at"),
        state=state,
        attempts=f"CASE WHEN {waits} THEN 0 ELSE 1 END",
        due_at="at",
        received_at="at",
        handled_at=f"CASE WHEN NOT {waits} THEN at END",
    )


def conversations() -> int:
    context = """'{"domain": "service", "action": "confirm", "version": "1.1.0"}'::jsonb"""
    values = {"bap_id": "bap", "transaction_id": "md5('tx' || n)::uuid::text", "context": context}
    return fill(Conversation, "FROM plan WHERE bap IS NOT NULL", application="n", **values)


def callbacks() -> int:
    """An answer to each message that was handled, and the news of each order, in the order in which they went out. A
    few answers were given up, and the youngest wait for a host that is down."""
    youngest = "(SELECT max(id) FROM beckn_adapter_message)"
    state = f"CASE WHEN m.id > {youngest} - 120 THEN 'DUE' WHEN m.id % 2000 = 0 THEN 'DEAD' ELSE 'DELIVERED' END"
    answers = f"""
        SELECT m.id AS request, NULL::bigint AS event, m.application_id AS n, m.bap_id AS bap, m.transaction_id AS tx,
               'on_' || m.action AS action, m.message_id AS message, {state} AS state, m.received_at AS at
        FROM beckn_adapter_message AS m WHERE m.handled_at IS NOT NULL
    """
    news = f"""
        SELECT NULL, e.id, plan.n, bap, md5('tx' || plan.n)::uuid::text, 'on_status', md5('told' || e.id)::uuid::text,
               'DELIVERED', e.at
        FROM connections_event AS e JOIN plan ON n = e.application_id WHERE bap IS NOT NULL AND e.kind IN {TOLD}
    """
    when = {"due_at": "at", "created_at": "at", "delivered_at": "at"}
    return fill(
        Callback,
        f"FROM ({answers} UNION ALL {news}) AS c ORDER BY at, request, event",
        request="request",
        event="event",
        application="n",
        bap_id="bap",
        host="bap",
        transaction_id="tx",
        action="action",
        message_id="message",
        url="'https://' || bap || '/beckn/' || action",
        body=body("action", "message", "at", "coalesce(n, request)"),
        attempts="1",
        outcome="'ACK'",
        state="state",
        **when,
    )


def attempts() -> int:
    values = {"at": "c.created_at", "milliseconds": "12", "status": "200", "outcome": "'ACK'"}
    return fill(Attempt, "FROM beckn_adapter_callback AS c ORDER BY c.id", callback="c.id", **values)


def refusals() -> int:
    """As many as are ever kept, and never more than there are messages."""
    few = "FROM (SELECT id AS n, received_at FROM beckn_adapter_message ORDER BY id DESC LIMIT 20000) AS m"
    values = {"fingerprint": "md5('refused' || n)", "reason": "'signature'", "code": "'401'", "sentence": "'Wrong.'"}
    return fill(Refusal, few, **values, subscriber_id="'bap-1.example'", first_at="received_at", last_at="received_at")


STEPS = [conversations, callbacks, attempts, refusals]
