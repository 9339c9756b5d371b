"""The outbox: what we owe buyer apps, kept until it is delivered or past all hope.

Order holds within one transaction_id: a callback waits while an earlier one of its transaction is due. Each host gets
its share of the senders and no more, and none while its circuit is open.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection, transaction
from django.utils import timezone

from beckn_adapter import beside, circuit
from beckn_adapter.gate import read_ttl
from beckn_adapter.models import Callback, Message
from beckn_adapter.translate.written import dump_message
from beckn_adapter.waiting import FAR
from connections.again import run_again
from connections.queues import taking_by_index
from connections.statement import insert, moment, run

# From host to host along the index `outbox_share`: what it costs grows with the hosts, not with what waits for them.
# Each step asks for the first by the order of that index, and of no other: a plain `host =` would leave a choice.
HOSTS = """
    WITH RECURSIVE hosts (host) AS (
        SELECT (SELECT host FROM beckn_adapter_callback WHERE state = 'DUE' ORDER BY host LIMIT 1)
        UNION ALL
        SELECT (SELECT c.host FROM beckn_adapter_callback c WHERE c.state = 'DUE' AND c.host > hosts.host
                ORDER BY c.host LIMIT 1)
        FROM hosts WHERE hosts.host IS NOT NULL
    )
    SELECT host, first FROM (
        SELECT host, (
            SELECT due_at FROM beckn_adapter_callback c
            WHERE c.state = 'DUE' AND c.host >= hosts.host AND c.host <= hosts.host
            AND (c.lease_until IS NULL OR c.lease_until <= %(now)s OR c.lease_until > %(far)s)
            ORDER BY c.host, c.due_at LIMIT 1
        ) AS first FROM hosts WHERE host IS NOT NULL
    ) AS found WHERE first <= %(now)s
"""
INSERT = """
    INSERT INTO beckn_adapter_callback
        (request_id, event_id, application_id, bap_id, host, transaction_id, action, message_id, url, body,
         due_at, lease_until, life_seconds, created_at, state, attempts, waited_seconds, outcome)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'DUE', 0, 0, '')
"""
# The earliest undelivered callback of each transaction, if nobody has it in hand: the others wait for it. A lease that
# ends FAR ahead was given before our clock was set back.
SENDABLE = """
    c.state = 'DUE' AND (c.lease_until IS NULL OR c.lease_until <= %(now)s OR c.lease_until > %(far)s) AND c.id = (
        SELECT e.id FROM beckn_adapter_callback AS e
        WHERE e.bap_id = c.bap_id AND e.transaction_id = c.transaction_id AND e.state = 'DUE' ORDER BY e.id LIMIT 1
    )
"""
# What a callback is sent and written down with, in the order of the model.
WANTED = (
    *("id", "request_id", "bap_id", "host", "transaction_id", "action", "message_id", "url", "body"),
    *("attempts", "due_at", "lease_until", "life_seconds", "waited_seconds"),
)
# In the order of the index `outbox_share`, as in HOSTS, so that no other serves and nothing is sorted. With them comes
# when the request came that each answers: what was delivered before and is sent again answers none anew.
TAKE = f"""
    WITH taken AS (
        SELECT c.id AS taken_id FROM beckn_adapter_callback AS c
        WHERE {SENDABLE} AND c.host >= %(host)s AND c.host <= %(host)s AND c.due_at <= %(due)s
        ORDER BY c.host, c.due_at, c.id LIMIT %(limit)s {{lock}}
    )
    UPDATE beckn_adapter_callback SET lease_until = %(until)s FROM taken WHERE id = taken_id
    RETURNING {", ".join(WANTED)}, delivered_at, (
        SELECT m.received_at FROM beckn_adapter_message AS m WHERE m.id = request_id
    )
"""  # noqa: S608 - the parts are ours
FIRST = f"SELECT c.due_at FROM beckn_adapter_callback AS c WHERE {SENDABLE}"  # noqa: S608 - see above
# Of an order, by the order's own index (`as_text` in connections/queues.py).
OWED = "SELECT id FROM beckn_adapter_callback WHERE application_id = %s AND state || '' = 'DUE'"
LET_GO = "UPDATE beckn_adapter_callback SET lease_until = NULL WHERE id = %s"
EVER = timedelta(days=3650)
SENDERS = 256  # callbacks that one worker process has in hand at most


def put(context: dict[str, Any], content: dict[str, Any], **links: Any) -> Callback:
    """Keep a callback, in the transaction of the change that it tells of. `content` and `links` as in `write`."""
    callback = write(context, content, **links)
    put_all([callback])
    return callback


def put_all(callbacks: list[Callback]) -> None:
    """Keep these, a handful in a statement."""
    now = timezone.now()
    rows = [
        (
            *(row.request_id, row.event_id, row.application_id, row.bap_id, row.host, row.transaction_id),
            *(row.action, row.message_id, row.url, row.body, row.due_at, row.lease_until, row.life_seconds, now),
        )
        for row in callbacks
    ]
    for row, row_id in zip(callbacks, insert(INSERT, rows), strict=True):
        row.pk, row.created_at, row._state.adding = row_id, now, False


def write(context: dict[str, Any], content: dict[str, Any], **links: Any) -> Callback:
    """A callback that is not kept yet. `content` is `message` or `error`; `links`: request, event, application.

    A solicited callback leaves the ACK a head start.
    """
    now = timezone.now()
    request: Message | None = links.get("request")
    earliest = request.received_at + timedelta(milliseconds=settings.BECKN_ACK_HEADSTART_MS) if request else now
    body = dump_message({"context": context, **content})
    url = f"{beside.callback_base(context['bap_uri'])}/{context['action']}"
    callback = Callback(
        bap_id=context["bap_id"],
        host=urlsplit(url).netloc.lower()[-255:],
        transaction_id=context["transaction_id"],
        action=context["action"],
        message_id=context["message_id"],
        url=url,
        body=body,
        due_at=min(max(now, earliest), now + timedelta(seconds=1)),  # not later, should the clock be set back
        life_seconds=max(int(read_ttl(context).total_seconds()), settings.BECKN_CALLBACK_MIN_LIFE),
        **links,
    )
    callback.asked_at = request.received_at if request else None
    return callback


class Hands:
    """For what a process may send itself of the answers that it writes: as many as there is room for, to hosts that
    answer, and no host more than its share. `busy` is what it is sending already, by host."""

    def __init__(self, busy: Mapping[str, int]) -> None:
        self._sending = Counter(busy)
        self._unready: set[str] | None = None  # asked for once

    def lease(self, callbacks: list[Callback]) -> list[Callback]:
        """Which of these, that are not stored yet, it may send. They get their lease."""
        if self._unready is None:
            self._unready = circuit.unready_hosts()
        share, chosen = _share({callback.host for callback in callbacks} | set(self._sending)), []
        for callback in callbacks:
            has_room = self._sending.total() < SENDERS and self._sending[callback.host] < share
            if has_room and callback.host not in self._unready:
                self._sending[callback.host] += 1
                callback.lease_until = timezone.now() + lease()
                chosen.append(callback)
        return chosen


def put_in_hand(callback: Callback, hands: Hands) -> None:
    """Keep it, on this process's lease if there is a hand for it and nothing earlier of its order is owed: news that
    were announced since its message was taken."""
    mine = hands.lease([callback])
    put_all([callback])
    if mine and callback.application_id and run(OWED, [callback.application_id]) != [(callback.pk,)]:
        callback.lease_until = None
        run(LET_GO, [callback.pk])


def _share(hosts: set[str]) -> int:
    """Of the senders, for each of these and one more, so that there is room for who comes next."""
    return max(SENDERS // (len(hosts) + 1), 1)


def bury(context: dict[str, Any], outcome: str, **links: Any) -> Callback:
    """A callback that could not even be built: DEAD from the start and without a body, so that staff see it."""
    callback = put(context, {}, **links)
    callback.state, callback.body, callback.outcome = Callback.State.DEAD, b"", outcome[:300]
    callback.save(update_fields=["state", "body", "outcome"])
    return callback


def lease() -> timedelta:
    """Longer than a callback may be in hand (an attempt, and a second one after a 401): then its worker has died."""
    return timedelta(seconds=2 * settings.BECKN_CALLBACK_TIMEOUT + 14)


@run_again
def claim(limit: int = SENDERS, in_hand: Mapping[str, int] | None = None) -> list[Callback]:
    """Take what is due, on a lease: another worker leaves it alone until then.

    `in_hand` is what this process is sending already, by host: nobody gets more than its share together with that.
    """
    now, busy = timezone.now(), dict(in_hand or {})
    rows: list[Callback] = []
    with transaction.atomic(), taking_by_index():
        for host in circuit.take_probes(now, lease()):
            rows += _take(host, now, 1, probe=True)
        hosts = _hosts_with_work(now)
        share = _share({*hosts, *busy})
        for host in hosts:
            wanted = min(share - busy.get(host, 0), limit - len(rows))
            if wanted > 0:
                rows += _take(host, now, wanted)
    return rows


def first_due(now: datetime) -> datetime | None:
    """Since when the callback is due that has waited longest of those that could be sent, to hosts that answer."""
    unready = sorted(circuit.unready_hosts())
    names = {f"host{n}": host for n, host in enumerate(unready)}
    others = "".join(f" AND c.host <> %({name})s" for name in names)
    with transaction.atomic(), taking_by_index(), connection.cursor() as cursor:
        cursor.execute(f"{FIRST}{others} ORDER BY c.due_at LIMIT 1", {**_times(now), **names})
        row = cursor.fetchone()
    return moment(row[0]) if row else None


def _times(now: datetime) -> dict[str, Any]:
    adapt = connection.ops.adapt_datetimefield_value
    return {"now": adapt(now), "far": adapt(now + FAR)}


def _hosts_with_work(now: datetime) -> list[str]:
    """To whom callbacks are due that may be sent now, those who have waited longest first."""
    with connection.cursor() as cursor:
        cursor.execute(HOSTS, _times(now))
        found = [host for host, _ in sorted(cursor.fetchall(), key=lambda row: row[1])]
    unready = circuit.unready_hosts()
    return [host for host in found if host not in unready]


def _take(host: str, now: datetime, limit: int, *, probe: bool = False) -> list[Callback]:
    """On their lease, those due first before the others; a probe though it is not due."""
    lock = "FOR UPDATE OF c SKIP LOCKED" if connection.features.has_select_for_update_skip_locked else ""
    adapt = connection.ops.adapt_datetimefield_value
    due, until = adapt(now + (EVER if probe else timedelta())), adapt(now + lease())
    with connection.cursor() as cursor:
        values = {**_times(now), "host": host, "due": due, "until": until, "limit": limit}
        cursor.execute(TAKE.format(lock=lock), values)
        taken = [_read(row, probe=probe) for row in cursor.fetchall()]
    return sorted(taken, key=lambda row: (row.due_at, row.pk))


def _read(row: tuple[Any, ...], *, probe: bool) -> Callback:
    *wanted, delivered_at, asked_at = (moment(value) if isinstance(value, datetime) else value for value in row)
    callback = Callback.from_db(DEFAULT_DB_ALIAS, WANTED, wanted)
    callback.is_probe, callback.asked_at = probe, None if delivered_at else asked_at
    return callback
