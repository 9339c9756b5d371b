"""The probe table: one row a lie, with the answer that it must get. None leaves a row behind or uses up its message_id.

Told through the door here; lies that a server sees before the door are told over raw sockets, in
test_probes_transport.py.
"""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from beckn_adapter import refusals
from beckn_adapter.models import Callback, Message
from beckn_adapter.sandbox.participant import Participant
from beckn_adapter.sandbox.registry import Registry
from tests.beckn_adapter import lies
from tests.beckn_adapter.lies import Lie, World

pytestmark = pytest.mark.django_db

RAW_NUL = b'"x":"a\x00b"'
LONG = "x" * 4001
HEADER, BODY, CONTEXT = "/", "/", "/context/"

# name, lie, status, code, path, words of the sentence
PROBES: list[tuple[str, Lie, int, str, str, str]] = [
    # --- header syntax
    ("no header", lies.header(lambda _: ""), 401, "30000", HEADER, "is missing"),
    ("basic auth", lies.header(lambda _: "Basic YTpi"), 401, "30000", HEADER, "scheme Signature"),
    ("a lower-case scheme", lies.swap("Signature", "signature"), 401, "30000", HEADER, "scheme Signature"),
    ("nothing but the scheme", lies.header(lambda _: "Signature "), 401, "30000", HEADER, "lacks"),
    ("a field twice", lies.header(lambda h: f'{h},created="1"'), 401, "30000", HEADER, "stands twice"),
    ("two headers in one", lies.header(lambda h: f"{h}, {h}"), 401, "30000", HEADER, "stands twice"),
    ("no keyId", lies.swap("keyId", "key"), 401, "30000", HEADER, "lacks keyId"),
    ("a keyId of four", lies.swap("|k1|", "|k1|k2|"), 401, "30000", HEADER, "keyId is not"),
    ("a keyId with a space", lies.swap("buyer.test|", "buyer .test|"), 401, "30000", HEADER, "keyId is not"),
    ("a keyId in Cyrillic", lies.swap("buyer.test|", "b\u0443yer.test|"), 401, "30000", HEADER, "keyId is not"),
    ("a keyId without end", lies.swap("buyer.test|", "b" * 300 + "|"), 401, "30000", HEADER, "keyId is not"),
    ("created as a float", lies.swap('created="1', 'created="1.'), 401, "30000", HEADER, "can not be read"),
    ("created with a sign", lies.swap('created="', 'created="+'), 401, "30000", HEADER, "can not be read"),
    ("created below zero", lies.swap('created="', 'created="-'), 401, "30000", HEADER, "can not be read"),
    ("created with underscores", lies.swap('created="1', 'created="1_'), 401, "30000", HEADER, "can not be read"),
    ("expires in Arabic digits", lies.swap('expires="1', 'expires="\u0661'), 401, "30000", HEADER, "can not be read"),
    ("expires of 5000 digits", lies.swap('expires="', f'expires="{"9" * 5000}'), 401, "30000", HEADER, "can not be"),
    ("a signature in hex", lies.swap('signature="', 'signature="zz!'), 401, "30000", HEADER, "can not be read"),
    ("fewer signed headers", lies.swap(" digest", ""), 401, "30000", HEADER, "signed headers"),
    ("two algorithms", lies.swap('m="ed25519"', 'm="rsa-sha256"'), 401, "30000", HEADER, "same in keyId"),
    # --- key, signature, times, algorithm
    ("a stranger", lies.swap("buyer.test|", "nobody.test|"), 401, "30000", HEADER, "no valid BAP key"),
    ("a key id that is not there", lies.swap("|k1|", "|k2|"), 401, "30000", HEADER, "no valid BAP key"),
    ("another's private key", lies.another_key, 401, "30000", HEADER, "does not fit"),
    ("another message's signature", lies.of_the_last_message, 401, "30000", HEADER, "does not fit"),
    ("a signature bit flipped", lies.flip("signature"), 401, "30000", HEADER, "does not fit"),
    ("created moved", lies.flip("created"), 401, "30000", HEADER, "does not fit"),
    ("expires moved", lies.flip("expires"), 401, "30000", HEADER, "does not fit"),
    ("an empty signature", lies.header(lambda h: h.rpartition('"A')[0] or h[:-90] + '"'), 401, "30000", HEADER, ""),
    ("S + L for S", lies.malleated, 401, "30000", HEADER, "does not fit"),
    ("a small-order key", lies.small_order_key, 401, "30000", HEADER, ""),
    ("another algorithm", lies.swap("ed25519", "rsa-sha256"), 401, "30000", HEADER, "algorithm is not ed25519"),
    ("a space added to the body", lies.body_changed(lambda b: b + b" "), 401, "30000", HEADER, "does not fit"),
    ("the body written anew", lies.body_changed(lambda b: b.replace(b": ", b":")), 401, "30000", HEADER, "not fit"),
    (
        "a price changed on the way",
        lies.body_changed(lambda b: b.replace(b"PT10M", b"PT99M")),
        401,
        "30000",
        "/",
        "fit",
    ),
    ("no body", lies.body_changed(lambda _: b""), 401, "30000", HEADER, "does not fit"),
    ("an expired signature", lies.times(-1000, 600), 401, "30000", HEADER, "has expired"),
    ("a signature from the future", lies.times(120, 600), 401, "30000", HEADER, "in the future"),
    ("a signature that ends before it begins", lies.times(20, -30), 401, "30000", HEADER, "before it is created"),
    # --- standing, identity, gateway
    ("a provider platform that searches", lies.registered("BPP"), 401, "30000", HEADER, "registered for a BPP"),
    ("a gateway that orders", lies.registered("BG"), 401, "30000", HEADER, "registered for a BG"),
    ("not subscribed yet", lies.registered(status="INITIATED"), 401, "30000", HEADER, "says INITIATED"),
    ("thrown out", lies.registered(status="UNSUBSCRIBED"), 401, "30000", HEADER, "says UNSUBSCRIBED"),
    ("no status at all", lies.registered(status=""), 401, "30000", HEADER, "not SUBSCRIBED"),
    ("an old key", lies.registered(valid_until="2020-01-01T00:00:00Z"), 401, "30000", HEADER, "not valid at this time"),
    ("a key of tomorrow", lies.registered(valid_from="2099-01-01T00:00:00Z"), 401, "30000", HEADER, "not valid at"),
    ("another domain's member", lies.registered(domain="retail"), 401, "30000", HEADER, "the domain retail"),
    ("a member in another's name", lies.in_anothers_name, 401, "30000", "/context/bap_id", "not context.bap_id"),
    ("a member with another's keyId", lies.with_anothers_key_id, 401, "30000", HEADER, "does not fit"),
    ("a gateway's signature alone", lies.only_the_gateway_signed, 401, "30000", HEADER, "is missing"),
    ("a gateway that is a buyer app", lies.gateway(lambda w, b: w.bap.sign(b)), 401, "30000", HEADER, "gateway: "),
    (
        "a gateway of another body",
        lies.gateway(lambda w, b: w.gateway.sign(b + b" ")),
        401,
        "30000",
        HEADER,
        "gateway: ",
    ),
    (
        "a bad Proxy-Authorization",
        lies.gateway(lambda w, b: "Basic YTpi", "Proxy-Authorization"),
        401,
        "30000",
        HEADER,
        "gateway: ",
    ),
    ("one good gateway header and a bad one", lies.two_gateway_headers, 401, "30000", HEADER, "gateway: "),
    # --- encodings, nesting, NULs, numbers, duplicates
    ("no JSON", lies.raw(b"hello"), 400, "30000", BODY, "well-formed"),
    ("XML", lies.raw(b"<?xml version='1.0'?><x/>"), 400, "30000", BODY, "well-formed"),
    ("a form", lies.raw(b"context=1&message=2"), 400, "30000", BODY, "well-formed"),
    ("half an object", lies.raw(lambda b: b[:-1]), 400, "30000", BODY, "well-formed"),
    ("two objects", lies.raw(lambda b: b + b), 400, "30000", BODY, "well-formed"),
    ("a trailing comma", lies.raw(lambda b: b[:-1] + b",}"), 400, "30000", BODY, "well-formed"),
    ("a comment", lies.raw(lambda b: b + b"/* x */"), 400, "30000", BODY, "well-formed"),
    ("a byte order mark", lies.raw(lambda b: b"\xef\xbb\xbf" + b), 400, "30000", BODY, "well-formed"),
    ("UTF-16", lies.raw(lambda b: b.decode().encode("utf-16")), 400, "30000", BODY, "well-formed"),
    ("Latin-1", lies.insert('"x":"é"'.encode("latin-1")), 400, "30000", BODY, "well-formed"),
    ("overlong UTF-8", lies.insert(b'"x":"\xc0\xaf"'), 400, "30000", BODY, "well-formed"),
    ("a raw NUL", lies.insert(RAW_NUL), 400, "30000", BODY, "well-formed"),
    ("an escaped NUL", lies.insert(b'"x":"a\\u0000b"'), 400, "30000", BODY, "NUL"),
    ("a NUL in a name", lies.insert(b'"a\\u0000b":1'), 400, "30000", BODY, "NUL"),
    ("half a surrogate pair", lies.insert(b'"x":"\\ud800"'), 400, "30000", BODY, "well-formed"),
    ("a member twice", lies.insert(b'"context":{"bap_id":"victim.test"}'), 400, "30000", BODY, "twice"),
    ("a member twice, one escaped", lies.insert(b'"conte\\u0078t":{}'), 400, "30000", BODY, "twice"),
    ("a list", lies.raw(b"[]"), 400, "30000", BODY, "not a JSON object"),
    ("null", lies.raw(b"null"), 400, "30000", BODY, "not a JSON object"),
    ("NaN", lies.insert(b'"x":NaN'), 400, "30000", BODY, "NaN"),
    ("minus infinity", lies.insert(b'"x":-Infinity'), 400, "30000", BODY, "Infinity"),
    ("1e999", lies.insert(b'"x":1e999'), 400, "30000", BODY, "too large"),
    ("5000 digits", lies.insert(b'"x":' + b"9" * 5000), 400, "30000", BODY, "digits"),
    ("5000 decimals", lies.insert(b'"x":0.' + b"9" * 5000), 400, "30000", BODY, "too long"),
    ("a hundred levels", lies.insert(b'"x":' + b"[" * 100 + b"]" * 100), 400, "30000", BODY, "deeper than"),
    ("100,000 levels", lies.insert(b'"x":' + b"[" * 50_000 + b"]" * 50_000), 400, "30000", BODY, "well-formed"),
    ("more than 200 kB", lies.insert(b'"x":"' + b"a" * 200_000 + b'"'), 400, "30000", BODY, "200000 bytes"),
    ("compressed", lies.posted(headers={"Content-Encoding": "gzip"}), 400, "30000", BODY, "not compressed"),
    # --- context
    ("no context", lies.raw(b'{"message":{}}'), 400, "30000", BODY, "'context'|\"context\""),
    ("a context of text", lies.raw(b'{"context":"x","message":{}}'), 400, "30000", "/context", "object"),
    (
        "another action's body",
        lies.context(action="confirm"),
        400,
        "30000",
        "/context/action",
        "the path says 'search'",
    ),
    ("version 9.9.9", lies.context(version="9.9.9"), 400, "30000", "/context/version", "1.1.0"),
    ("version 1.1.0 and more", lies.context(version="1.1.0'; --"), 400, "30000", "/context/version", "1.1.0"),
    ("version as a number", lies.context(version=1.1), 400, "30000", "/context/version", "string"),
    ("another domain", lies.context(domain="retail"), 400, "40001", "/context/domain", "service"),
    ("another bpp_id", lies.context(bpp_id="other.test"), 400, "30000", "/context/bpp_id", "not this provider"),
    ("no bap_id", lies.context(bap_id=None), 400, "30000", "/context", "bap_id"),
    ("no bap_uri", lies.context(bap_uri=None), 400, "30000", "/context", "bap_uri"),
    ("no message_id", lies.context(message_id=None), 400, "30000", "/context", "message_id"),
    ("an empty message_id", lies.context(message_id=""), 400, "30000", "/context/message_id", ""),
    ("a message_id of 300", lies.context(message_id="m" * 300), 400, "30000", "/context/message_id", ""),
    ("a line break in an id", lies.context(message_id="a\r\nX: b"), 400, "30000", "/context/message_id", ""),
    ("a number for an id", lies.context(transaction_id=5), 400, "30000", "/context/transaction_id", "string"),
    (
        "a callback to somebody else",
        lies.context(bap_uri="https://victim.test"),
        400,
        "30000",
        "/context/bap_uri",
        "host",
    ),
    ("a callback inside", lies.context(bap_uri="https://127.0.0.1/"), 400, "30000", "/context/bap_uri", "host"),
    (
        "a callback to a subdomain",
        lies.context(bap_uri="https://x.buyer.test"),
        400,
        "30000",
        "/context/bap_uri",
        "host",
    ),
    (
        "a callback with a name before @",
        lies.context(bap_uri="https://buyer.test@victim.test/"),
        400,
        "30000",
        "/context/bap_uri",
        "",
    ),
    ("a callback with a fragment", lies.context(bap_uri="https://buyer.test/#"), 400, "30000", "/context/bap_uri", ""),
    ("a callback with a query", lies.context(bap_uri="https://buyer.test/?x="), 400, "30000", "/context/bap_uri", ""),
    (
        "a callback with a backslash",
        lies.context(bap_uri="https://buyer.test\\@v/"),
        400,
        "30000",
        "/context/bap_uri",
        "",
    ),
    ("a callback to a file", lies.context(bap_uri="file:///etc/passwd"), 400, "30000", "/context/bap_uri", ""),
    ("a callback to half a bracket", lies.context(bap_uri="https://[::1/"), 400, "30000", "/context/bap_uri", ""),
    ("a callback to [:::]", lies.context(bap_uri="https://[:::]/"), 400, "30000", "/context/bap_uri", "host"),
    (
        "a callback to port 99999",
        lies.context(bap_uri="https://buyer.test:99999"),
        400,
        "30000",
        "/context/bap_uri",
        "",
    ),
    (
        "a callback over plain http",
        lies.context(bap_uri="http://buyer.test"),
        400,
        "30000",
        "/context/bap_uri",
        "https",
    ),
    (
        "a timestamp of yesterday",
        lies.sent(timedelta(days=1)),
        400,
        "30000",
        "/context/timestamp",
        "older than its ttl",
    ),
    ("a ttl that has run out", lies.sent(timedelta(minutes=2), "PT10S"), 400, "30000", "/context/timestamp", "older"),
    ("no ttl and an hour old", lies.sent(timedelta(hours=1), None), 400, "30000", "/context/timestamp", "older"),
    ("a timestamp of tomorrow", lies.sent(timedelta(days=-1)), 400, "30000", "/context/timestamp", "in the future"),
    ("the year 9999", lies.context(timestamp="9999-12-31T23:59:59Z"), 400, "30000", "/context/timestamp", ""),
    ("the year 1", lies.context(timestamp="0001-01-01T00:00:00+23:59"), 400, "30000", "/context/timestamp", ""),
    ("a leap second", lies.context(timestamp="2016-12-31T23:59:60Z"), 400, "30000", "/context/timestamp", ""),
    ("the 30th of February", lies.context(timestamp="2026-02-30T00:00:00Z"), 400, "30000", "/context/timestamp", ""),
    (
        "a timestamp without a zone",
        lies.context(timestamp="2026-01-01T00:00:00"),
        400,
        "30000",
        "/context/timestamp",
        "",
    ),
    ("a timestamp in seconds", lies.context(timestamp=1700000000), 400, "30000", "/context/timestamp", "string"),
    ("a ttl in words", lies.context(ttl="soon"), 400, "30000", "/context/ttl", "duration"),
    ("a ttl below zero", lies.context(ttl="-PT10M"), 400, "30000", "/context/ttl", "duration"),
    # --- shape
    ("no message", lies.raw(lambda b: b.replace(b'"message"', b'"messages"')), 400, "30000", BODY, "message"),
    ("an order without items", lies.message("select", {"order": {"provider": {"id": "x"}}}), 400, "30000", "", "items"),
    ("no items", lies.select(items=[]), 400, "30000", "/message/order/items", ""),
    ("10,000 items", lies.select(items=[{"id": "x"}] * 10_000), 400, "30000", "/message/order/items", ""),
    ("an item without id", lies.select(items=[{}]), 400, "30000", "/message/order/items/0", "id"),
    ("a provider of number 5", lies.select(provider={"id": 5}), 400, "30000", "/message/order/provider/id", "string"),
    ("an id as a list", lies.select(provider={"id": ["x"]}), 400, "30000", "/message/order/provider/id", "string"),
    ("a name without end", lies.select(billing={"name": LONG}), 400, "30000", "/message/order/billing/name", ""),
    ("an order_id as an object", lies.message("status", {"order_id": {}}), 400, "30000", "/message/order_id", "string"),
    ("no order_id", lies.message("status", {}), 400, "30000", "/message", "order_id"),
    (
        "another category",
        lies.message("search", {"intent": {"category": {"descriptor": {"code": "pizza"}}}}),
        400,
        "30005",
        "/message/intent/category/descriptor/code",
        "ELECTRICITY_CONNECTION",
    ),
    # --- paths and methods
    (
        "an action of core that is not offered",
        lies.posted(path="get_return_reasons"),
        400,
        "40001",
        "/context/action",
        "not offered",
    ),
    ("a callback of ours", lies.posted(path="on_search"), 400, "40001", "/context/action", "not offered"),
    ("no action", lies.posted(path=""), 400, "40001", "/context/action", "not offered"),
    ("an action in capitals", lies.posted(path="SEARCH"), 400, "40001", "/context/action", "not offered"),
    ("an action with a dot", lies.posted(path="search."), 400, "40001", "/context/action", "not offered"),
    ("an action two levels down", lies.posted(path="search/confirm"), 400, "40001", "/context/action", "not offered"),
    ("an action between slashes", lies.posted(path="/search"), 400, "40001", "/context/action", "not offered"),
    ("an action with a NUL", lies.posted(path="search%00"), 400, "40001", "/context/action", "not offered"),
    ("an action with a parameter", lies.posted(path="search;x=1"), 400, "40001", "/context/action", "not offered"),
    ("an action without end", lies.posted(path="s" * 5000), 400, "40001", "/context/action", "not offered"),
    ("a PUT", lies.posted(method="PUT"), 400, "30000", "/", "POST"),
    ("a DELETE", lies.posted(method="DELETE"), 400, "30000", "/", "POST"),
    ("a GET with a body", lies.posted(method="GET"), 400, "30000", "/", "POST"),
    (
        "a GET that says POST in a header",
        lies.posted(method="GET", headers={"X-HTTP-Method-Override": "POST"}),
        400,
        "30000",
        "/",
        "POST",
    ),
]


@pytest.fixture
def world(network: Registry, settings: Any) -> World:
    settings.BECKN_ALLOW_PRIVATE_CALLBACKS = False
    bap = Participant("buyer.test", "https://buyer.test/beckn", "BAP")
    gateway = Participant("gateway.test", "https://gateway.test", "BG")
    for member in (bap, gateway):
        member.subscribe(network.url)
    return World(network.url, bap, gateway)


def tell(told: lies.Told) -> Any:
    headers = {"Authorization": told.header, **told.headers}
    where = f"/beckn/{told.action if told.path is None else told.path}"
    return Client().generic(told.method, where, told.raw, content_type="application/json", headers=headers)


@pytest.mark.parametrize(
    ("lie", "status", "code", "path", "words"), [row[1:] for row in PROBES], ids=[row[0] for row in PROBES]
)
def test_a_lie_gets_its_answer_and_nothing_else(
    lie: Lie, status: int, code: str, path: str, words: str, world: World
) -> None:
    told = lie(world)

    reply = tell(told)

    assert_refused(reply, status, code, path, words)
    assert not Message.objects.exists()
    assert not Callback.objects.exists()
    assert sum(refusals.counts().values()) == 1


def assert_refused(reply: Any, status: int, code: str, path: str, words: str) -> None:
    answer = reply.json()
    error = answer["error"]
    assert answer["message"] == {"ack": {"status": "NACK"}}
    assert (reply.status_code, error["code"]) == (status, code), error
    assert error["paths"].startswith(path)
    assert any(word in error["message"] for word in words.split("|")), error
    if status == 401:
        name = "Proxy-Authenticate" if "gateway: " in error["message"] else "WWW-Authenticate"
        assert reply.headers[name] == 'Signature realm="bpp.test",headers="(created) (expires) digest"'


def test_the_table_is_long_enough() -> None:
    assert len({row[0] for row in PROBES}) == len(PROBES) >= 120


GENUINE: list[tuple[str, Lie]] = [
    ("as it should be", lies.posted()),
    ("through a gateway", lies.gateway(lambda w, b: w.gateway.sign(b))),
    ("through a gateway in its other header", lies.gateway(lambda w, b: w.gateway.sign(b), "Proxy-Authorization")),
    ("with commas and spaces", lies.swap('",', '", ')),
    (
        "without quotes around the times",
        lies.header(lambda h: h.replace('created="', "created=", 1).replace('",exp', ",exp", 1)),
    ),
    ("a clock that is 25 s ahead", lies.times(25, 600)),
    ("a clock that is 25 s behind", lies.times(-625, 600)),
    ("a message from 25 s ahead", lies.sent(timedelta(seconds=-25))),
    ("a ttl that has just run out", lies.sent(timedelta(seconds=20), "PT2S")),
    ("version 1.1.1", lies.context(version="1.1.1")),
    ("ids that are no UUIDs", lies.context(transaction_id="connection-txn-8001", message_id="connection-msg-10001")),
    ("an id in Devanagari", lies.context(message_id="संदेश-१")),
    ("a timestamp in small letters", lambda w: lies.told(w, lies.ask(w).replace(b"+00:00", b"z"))),
    ("a backslash before u0000", lies.insert(b'"x":"\\\\u0000"')),
    ("an emoji, escaped", lies.insert(b'"x":"\\ud83d\\ude00"')),
    ("forty-digit numbers", lies.insert(b'"x":' + b"9" * 40)),
    ("what we do not read", lies.insert(b'"extra":{"a":[1,2,{"b":null}]}')),
    ("thirty levels", lies.insert(b'"x":' + b"[" * 30 + b"]" * 30)),
    ("nearly 200 kB", lies.insert(b'"x":"' + b"a" * 199_000 + b'"')),
    ("a slash at the end", lies.posted(path="search/")),
    ("a query that nobody reads", lies.posted(path="search?action=confirm")),
]


@pytest.mark.parametrize("lie", [row[1] for row in GENUINE], ids=[row[0] for row in GENUINE])
def test_what_is_genuine_passes(lie: Lie, world: World) -> None:
    told = lie(world)

    reply = tell(told)

    assert (reply.status_code, reply.json()) == (200, {"message": {"ack": {"status": "ACK"}}})
    assert bytes(Message.objects.get().body) == told.raw
    assert refusals.counts() == {}


def test_a_refused_message_may_be_sent_again_once_it_is_right(world: World) -> None:
    body = lies.ask(world)
    tell(lies.Told(body, world.bap.sign(body + b" ")))
    tell(lies.Told(body, world.bap.sign(body), headers={"Proxy-Authorization": "Basic YTpi"}))

    reply = tell(lies.told(world, body))

    assert reply.status_code == 200
    assert Message.objects.count() == 1


def test_a_network_that_insists_takes_a_search_through_a_gateway_only(world: World, settings: Any) -> None:
    settings.BECKN_REQUIRE_GATEWAY = True

    direct = tell(lies.posted()(world))
    forwarded = tell(lies.gateway(lambda w, b: w.gateway.sign(b))(world))
    later = tell(lies.message("status", lies.STATUS)(world))

    assert_refused(direct, 401, "30000", "/", "gateway: a search must come through a gateway")
    assert (forwarded.status_code, later.status_code) == (200, 200)


def test_a_reply_never_repeats_a_header_that_it_was_sent(world: World) -> None:
    reply = tell(lies.swap("buyer.test|", "<script>|")(world))

    assert "script" not in json.dumps(dict(reply.headers)) + reply.content.decode()
