"""The ceiling of the door: a WSGI application that verifies a signature, runs one INSERT and acknowledges. No more.

It stands behind the same server with the same settings as the house. Its table `bench_message` is a copy of the
inbox, keys and indexes included. BENCH_KEYS: public keys by subscriber, hex, as JSON.
"""

import base64
import hashlib
import json
import os
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import psycopg
from nacl.signing import VerifyKey

ACK = b'{"message":{"ack":{"status":"ACK"}}}'
HEADERS = [("Content-Type", "application/json"), ("Content-Length", str(len(ACK)))]
COPY = "CREATE TABLE IF NOT EXISTS bench_message (LIKE beckn_adapter_message INCLUDING ALL)"
INSERT = """
    INSERT INTO bench_message
        (bap_id, transaction_id, action, message_id, bap_uri, body, digest, signature, via,
         state, attempts, due_at, error, received_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, '', 'RECEIVED', 0, %s, '', %s)
    ON CONFLICT (bap_id, transaction_id, action, message_id) DO NOTHING
    RETURNING id
"""
KEYS = {name: VerifyKey(bytes.fromhex(key)) for name, key in json.loads(os.environ.get("BENCH_KEYS", "{}")).items()}
_local = threading.local()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """A forged signature ends in an error 500: nobody sends one here."""
    if environ["REQUEST_METHOD"] == "POST":
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        store(body, environ["HTTP_AUTHORIZATION"])
    start_response("200 OK", HEADERS)
    return [ACK]


def store(body: bytes, header: str) -> None:
    fields = header.split('"')  # keyId, algorithm, created, expires, headers, signature
    digest = base64.b64encode(hashlib.blake2b(body, digest_size=64).digest()).decode()
    text = f"(created): {fields[5]}\n(expires): {fields[7]}\ndigest: BLAKE-512={digest}".encode()
    KEYS[fields[1].partition("|")[0]].verify(text, base64.b64decode(fields[11]))
    context, now = json.loads(body)["context"], datetime.now(UTC)
    key = (context["bap_id"], context["transaction_id"], context["action"], context["message_id"])
    _connection().execute(INSERT, (*key, context["bap_uri"], body, digest, header, now, now)).fetchone()


def _connection() -> psycopg.Connection[Any]:
    """One a thread, for good."""
    if not hasattr(_local, "connection"):
        _local.connection = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
    connection: psycopg.Connection[Any] = _local.connection
    return connection
