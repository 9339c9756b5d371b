"""Keys in every encoding that networks use, and what is said of those in none."""

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.bindings import crypto_scalarmult
from nacl.signing import SigningKey

from beckn_adapter import signing
from beckn_adapter.signing import BadKey
from tests.beckn_adapter.test_signing import KEY, of_kind


@pytest.mark.parametrize("vector", of_kind("keypair-ed25519"))
def test_an_ed25519_pair_belongs_together(vector: dict[str, Any]) -> None:
    seed = signing.read_private_key(vector["private_key_b64"])

    assert bytes(SigningKey(seed).verify_key) == signing.read_public_key(vector["public_key_b64"])


@pytest.mark.parametrize("vector", of_kind("keypair-x25519"))
def test_an_x25519_pair_belongs_together(vector: dict[str, Any]) -> None:
    private = signing.read_private_key(vector["private_key_b64"], "x25519")

    base_point = (9).to_bytes(32, "little")
    assert crypto_scalarmult(private, base_point) == signing.read_public_key(vector["public_key_b64"], "x25519")


@pytest.mark.parametrize("vector", of_kind("dh"))
def test_both_sides_of_an_exchange_reach_the_published_secret(vector: dict[str, Any]) -> None:
    a, b = (signing.read_private_key(vector[f"{side}_private_pkcs8_der_b64"], "x25519") for side in "ab")
    a_public, b_public = (signing.read_public_key(vector[f"{side}_public_spki_der_b64"], "x25519") for side in "ab")

    assert crypto_scalarmult(a, b_public).hex() == vector["shared_hex"]
    assert crypto_scalarmult(b, a_public).hex() == vector["shared_hex"]


@pytest.mark.parametrize("vector", of_kind("challenge"))
def test_the_keys_of_the_challenge_are_the_last_32_bytes_of_their_wrapping(vector: dict[str, Any]) -> None:
    private, peer = vector["private_key_pkcs8_der_b64"], vector["peer_public_key_spki_der_b64"]

    assert signing.read_private_key(private, "x25519") == base64.b64decode(private)[-32:]
    assert signing.read_public_key(peer, "x25519") == base64.b64decode(peer)[-32:]


def b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


ED25519_OID, X25519_OID = bytes.fromhex("2b6570"), bytes.fromhex("2b656e")
SEED, PUBLIC = bytes(KEY), bytes(KEY.verify_key)
PKCS8_V0 = bytes.fromhex("302e020100300506032b657004220420") + SEED
PKCS8_V1 = bytes.fromhex("3051020101300506032b657004220420") + SEED + bytes.fromhex("812100") + PUBLIC
SPKI = bytes.fromhex("302a300506032b6570032100") + PUBLIC


def pem(label: str, raw: bytes) -> str:
    text = b64(raw)
    return f"-----BEGIN {label}-----\n{text[:64]}\n{text[64:]}\n-----END {label}-----\n"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b64(SEED), id="seed"),
        pytest.param(b64(SEED + PUBLIC), id="libsodium, 64 bytes"),
        pytest.param(b64(PKCS8_V0), id="PKCS#8, version 0"),
        pytest.param(b64(PKCS8_V1), id="PKCS#8, version 1 with the public key"),
        pytest.param(pem("PRIVATE KEY", PKCS8_V0), id="PEM"),
        pytest.param(f"  {b64(SEED)}\n", id="with white space around"),
    ],
)
def test_a_private_key_is_read(text: str) -> None:
    assert signing.read_private_key(text) == SEED


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b64(PUBLIC), id="raw"),
        pytest.param(b64(SPKI), id="SPKI DER"),
        pytest.param(pem("PUBLIC KEY", SPKI), id="PEM"),
    ],
)
def test_a_public_key_is_read(text: str) -> None:
    assert signing.read_public_key(text) == PUBLIC


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        pytest.param("", "this has 0", id="empty"),
        pytest.param(b64(SEED[:31]), "this has 31", id="too short"),
        pytest.param(b64(SEED + SEED), "do not belong together", id="halves of two keys"),
        pytest.param(b64(SEED).rstrip("="), "padding lost", id="without padding"),
        pytest.param("!" + b64(SEED), "not base64", id="a stray character"),
        pytest.param("schlüssel", "not base64", id="not even ASCII"),
        pytest.param(b64(PKCS8_V0.replace(ED25519_OID, X25519_OID)), "this has 48", id="another curve"),
    ],
)
def test_a_bad_private_key_is_told_what_is_wrong_with_it(text: str, complaint: str) -> None:
    with pytest.raises(BadKey, match=complaint):
        signing.read_private_key(text)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        pytest.param("", "this has 0", id="empty"),
        pytest.param(b64(PUBLIC + b"\n"), "this has 33", id="too long"),
        pytest.param(b64(b"\0" * 44), "this has 44", id="44 bytes that are no DER"),
        pytest.param(b64(SPKI.replace(ED25519_OID, X25519_OID)), "this has 44", id="DER of another curve"),
        pytest.param("not a key", "not base64", id="text"),
        pytest.param("ключ", "not base64", id="not even ASCII"),
    ],
)
def test_a_bad_public_key_is_told_what_is_wrong_with_it(text: str, complaint: str) -> None:
    with pytest.raises(BadKey, match=complaint):
        signing.read_public_key(text)


def test_the_complaint_about_a_key_does_not_show_the_key() -> None:
    with pytest.raises(BadKey) as refused:
        signing.read_private_key(b64(SEED[:31]))

    assert b64(SEED[:31])[:8] not in str(refused.value)


@given(text=st.text(max_size=120))
def test_no_key_whatever_raises_anything_but_bad_key(text: str) -> None:
    with pytest.raises(BadKey):
        signing.read_private_key(text)
    with pytest.raises(BadKey):
        signing.read_public_key(text)
