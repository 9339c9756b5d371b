"""Signatures against the published vectors, against headers from the wild, and against people who lie."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from beckn_adapter import signing
from beckn_adapter.signing import BadSignature, Signature

VECTORS_FILE = Path(__file__).resolve().parents[3] / "shared" / "protocol" / "signing-vectors.json"
VECTORS: list[dict[str, Any]] = json.loads(VECTORS_FILE.read_text()) if VECTORS_FILE.exists() else []

KEY = SigningKey(bytes(range(32)))
BODY = b'{"context":{"action":"search"}}'
CREATED, EXPIRES = 1_700_000_000, 1_700_000_300


def of_kind(*kinds: str) -> list[Any]:
    return [pytest.param(vector, id=vector["name"]) for vector in VECTORS if vector["kind"] in kinds]


def named(name: str) -> dict[str, Any]:
    if not VECTORS:
        pytest.skip(f"the published vectors are not here: {VECTORS_FILE}")
    return next(vector for vector in VECTORS if vector["name"] == name)


def public(vector: dict[str, Any]) -> VerifyKey:
    return VerifyKey(signing.read_public_key(vector["public_key_b64"]))


def signed(vector: dict[str, Any]) -> Signature:
    value = base64.b64decode(vector["signature_b64"])
    return Signature("subscriber", "key", "ed25519", vector["created"], vector["expires"], value)


# --- The published vectors ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vector", of_kind("digest"))
def test_the_digest_is_the_published_one(vector: dict[str, Any]) -> None:
    assert signing.digest(vector["input"].encode()) == vector["digest_b64"]


@pytest.mark.parametrize("vector", of_kind("authorization"))
def test_signing_gives_the_known_signature(vector: dict[str, Any]) -> None:
    key = SigningKey(signing.read_private_key(vector["private_key_b64"]))

    header = signing.authorization(
        vector["body"].encode(),
        subscriber_id="example-bap.com",
        key_id="ae3ea24b-cfec-495e-81f8-044aaef164ac",
        key=key,
        created=vector["created"],
        expires=vector["expires"],
    )

    assert signing.digest(vector["body"].encode()) == vector["digest_b64"]
    assert signing.parse(header).value == base64.b64decode(vector["signature_b64"])
    assert bytes(key.verify_key) == signing.read_public_key(vector["public_key_b64"])
    assert header == vector.get("header", header)


@pytest.mark.parametrize("vector", of_kind("authorization", "verify-only"))
def test_the_known_signature_verifies(vector: dict[str, Any]) -> None:
    assert signing.verify(vector["body"].encode(), signed(vector), public(vector)) is None


@pytest.mark.parametrize("vector", of_kind("authorization", "verify-only"))
def test_the_known_signature_does_not_fit_the_same_json_written_otherwise(vector: dict[str, Any]) -> None:
    rewritten = json.dumps(json.loads(vector["body"]), indent=1).encode()

    with pytest.raises(BadSignature, match="does not fit"):
        signing.verify(rewritten, signed(vector), public(vector))


@pytest.mark.parametrize("vector", of_kind("raw-signing-string"))
def test_keys_as_we_read_them_make_and_verify_a_foreign_signing_string(vector: dict[str, Any]) -> None:
    key = SigningKey(signing.read_private_key(vector["private_key_b64"]))
    value = base64.b64decode(vector["signature_b64"])

    assert key.sign(vector["signing_string"].encode()).signature == value
    assert public(vector).verify(vector["signing_string"].encode(), value)


@pytest.mark.parametrize("vector", of_kind("negative"))
def test_a_signature_known_to_be_wrong_does_not_verify(vector: dict[str, Any]) -> None:
    with pytest.raises(BadSignatureError):
        public(vector).verify(vector["signing_string"].encode(), base64.b64decode(vector["signature_b64"]))


def test_our_signing_string_has_the_spaces_that_one_published_page_lost() -> None:
    body = named("beckn-006-bap")["body"].encode()

    ours = signing.signing_string(body, 1641287875, 1641291475).decode()

    assert ours != named("NEGATIVE-ondc-doc-no-space")["signing_string"]
    assert ours.replace(": ", ":") == named("NEGATIVE-ondc-doc-no-space")["signing_string"].replace(": ", ":")


def test_the_gateways_signature_as_the_specification_prints_it_is_refused() -> None:
    right, wrong = named("beckn-006-gateway-corrected"), named("NEGATIVE-spec-bg-signature")
    misprinted = signed({**right, "signature_b64": wrong["signature_b64"]})

    with pytest.raises(BadSignature, match="does not fit"):
        signing.verify(right["body"].encode(), misprinted, public(right))


# --- Headers as they are written in the wild ------------------------------------------------------------------------

VALUE = base64.b64encode(KEY.sign(signing.signing_string(BODY, CREATED, EXPIRES)).signature).decode()
QUOTED = (
    'Signature keyId="bap.example|k1|ed25519",algorithm="ed25519",created="1700000000",expires="1700000300",'
    f'headers="(created) (expires) digest",signature="{VALUE}"'
)
HEADERS = 'headers="(created) (expires) digest",'
EXPECTED = Signature("bap.example", "k1", "ed25519", CREATED, EXPIRES, base64.b64decode(VALUE))


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(QUOTED, id="as the specification writes it"),
        pytest.param(
            QUOTED.replace('"1700000000"', "1700000000").replace('"1700000300"', "1700000300"), id="bare times"
        ),
        pytest.param(
            QUOTED.replace('"', "").replace("headers=(created) (expires) digest,", ""), id="without any quotes"
        ),
        pytest.param(QUOTED.replace(",", ", "), id="a space after each comma"),
        pytest.param(QUOTED.replace(",", " "), id="spaces for commas"),
        pytest.param(QUOTED.replace("=", " = ").replace(VALUE.replace("=", " = "), VALUE), id="spaces around ="),
        pytest.param(f"  {QUOTED} ", id="white space around"),
        pytest.param(f'"{QUOTED}"', id="quoted as a whole"),
        pytest.param(QUOTED.replace("|ed25519", "|Ed25519"), id="the key's algorithm with a capital"),
        pytest.param(QUOTED.replace('algorithm="ed25519",', ""), id="no algorithm but the key's"),
        pytest.param(QUOTED.replace(HEADERS, ""), id="no list of headers"),
        pytest.param(QUOTED.replace(",headers", ',nonce="1",headers'), id="a parameter nobody knows"),
    ],
)
def test_a_header_is_read_as_it_is_written_in_the_wild(header: str) -> None:
    assert signing.parse(header) == EXPECTED


def test_a_key_id_may_lack_its_key_where_a_subscriber_has_only_one() -> None:
    assert signing.parse(QUOTED.replace("|k1|", "|")).key_id == ""


@pytest.mark.parametrize(
    ("header", "complaint"),
    [
        pytest.param("", "scheme", id="empty"),
        pytest.param("Bearer abc", "scheme", id="another scheme"),
        pytest.param("Signature", "lacks created, expires, keyId, signature", id="nothing in it"),
        pytest.param(QUOTED.replace("keyId", "key"), "lacks keyId", id="no keyId"),
        pytest.param(QUOTED.replace("created=", "made="), "lacks created", id="no created"),
        pytest.param(QUOTED.replace("expires=", "until="), "lacks expires", id="no expires"),
        pytest.param(QUOTED.replace("signature=", "sig="), "lacks signature", id="no signature"),
        pytest.param(QUOTED + ',created="1700000001"', "stands twice", id="created twice"),
        pytest.param(QUOTED + ',keyId="other|k1|ed25519"', "stands twice", id="keyId twice"),
        pytest.param(QUOTED.replace("|ed25519", "|xed25519"), "algorithm is not", id="XEd25519 in keyId"),
        pytest.param(QUOTED.replace("|ed25519", "|none"), "algorithm is not", id="no algorithm in keyId"),
        pytest.param(QUOTED.replace('m="ed25519"', 'm="hmac-sha256"'), "algorithm is not", id="HMAC"),
        pytest.param(QUOTED.replace('m="ed25519"', 'm="rsa"'), "algorithm is not", id="RSA"),
        pytest.param(QUOTED.replace("(created) (expires) digest", "digest"), "signed headers", id="times unsigned"),
        pytest.param(
            QUOTED.replace("(created) (expires) digest", "(created) digest"), "signed headers", id="no expiry"
        ),
        pytest.param(QUOTED.replace("bap.example|k1|ed25519", "bap.example"), "keyId is not", id="only a subscriber"),
        pytest.param(QUOTED.replace("bap.example|", "|"), "keyId is not", id="no subscriber"),
        pytest.param(QUOTED.replace("|k1|", "|k1|k2|"), "keyId is not", id="four parts"),
        pytest.param(QUOTED.replace("1700000000", "yesterday"), "can not be read", id="created in words"),
        pytest.param(QUOTED.replace("1700000300", "17e8"), "can not be read", id="expires as a float"),
        pytest.param(QUOTED.replace("1700000300", "9" * 5000), "can not be read", id="expires without end"),
        pytest.param(QUOTED.replace(VALUE, "###"), "can not be read", id="signature not base64"),
        pytest.param(QUOTED.replace(VALUE, VALUE[:-2]), "can not be read", id="signature without padding"),
        pytest.param(QUOTED.replace(VALUE, "ü" + VALUE), "can not be read", id="signature not ASCII"),
    ],
)
def test_a_header_that_can_not_be_trusted_is_refused(header: str, complaint: str) -> None:
    with pytest.raises(BadSignature, match=complaint):
        signing.parse(header)


@pytest.mark.parametrize("length", [0, 32, 63, 65, 128])
def test_a_signature_of_the_wrong_length_is_refused_like_any_other(length: int) -> None:
    short = Signature("bap.example", "k1", "ed25519", CREATED, EXPIRES, b"\x01" * length)

    with pytest.raises(BadSignature, match="does not fit"):
        signing.verify(BODY, short, KEY.verify_key)


# --- Times ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("created", "expires", "complaint"),
    [
        pytest.param(0, 300, None, id="just made"),
        pytest.param(-300, 0, None, id="expires this second"),
        pytest.param(-600, -30, None, id="expired by the skew exactly"),
        pytest.param(-600, -31, "has expired", id="expired by a second more"),
        pytest.param(30, 300, None, id="from the future by the skew exactly"),
        pytest.param(31, 300, "in the future", id="from the future by a second more"),
        pytest.param(10, 9, "before it is created", id="expires before it is created"),
        pytest.param(5, 5, None, id="holds for one second"),
        pytest.param(-(10**9), 10**9, None, id="holds for decades"),
    ],
)
def test_times_are_judged_to_the_second(created: int, expires: int, complaint: str | None) -> None:
    now = 1_700_000_000
    stamped = Signature("bap.example", "k1", "ed25519", now + created, now + expires, b"")
    try:
        signing.check_times(stamped, now=float(now), skew=30)
        outcome = None
    except BadSignature as refused:
        outcome = str(refused)

    assert (outcome is None) if complaint is None else (complaint in str(outcome))


def test_the_times_are_signed_too() -> None:
    prolonged = Signature("bap.example", "k1", "ed25519", CREATED, EXPIRES + 3600, EXPECTED.value)

    with pytest.raises(BadSignature, match="does not fit"):
        signing.verify(BODY, prolonged, KEY.verify_key)


# --- For every body, every key, every bit ---------------------------------------------------------------------------

TIMES = st.integers(min_value=0, max_value=2**33)
seeds = st.binary(min_size=32, max_size=32)


@given(body=st.binary(max_size=500), seed=seeds, created=TIMES, lasts=TIMES)
def test_what_we_sign_we_verify(body: bytes, seed: bytes, created: int, lasts: int) -> None:
    key = SigningKey(seed)
    header = signing.authorization(
        body, subscriber_id="bpp.example", key_id="k-1", key=key, created=created, expires=created + lasts
    )

    parsed = signing.parse(header)

    assert (parsed.subscriber_id, parsed.key_id) == ("bpp.example", "k-1")
    assert (parsed.created, parsed.expires) == (created, created + lasts)
    assert signing.verify(body, parsed, key.verify_key) is None


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8 % len(data)] ^= 1 << bit % 8
    return bytes(changed)


@given(body=st.binary(min_size=1, max_size=300), bit=st.integers(min_value=0, max_value=2**16))
def test_one_flipped_bit_anywhere_in_the_body_never_verifies(body: bytes, bit: int) -> None:
    value = KEY.sign(signing.signing_string(body, CREATED, EXPIRES)).signature
    signature = Signature("bap.example", "k1", "ed25519", CREATED, EXPIRES, value)

    with pytest.raises(BadSignature):
        signing.verify(flipped(body, bit), signature, KEY.verify_key)


@given(bit=st.integers(min_value=0, max_value=511))
def test_one_flipped_bit_anywhere_in_the_signature_never_verifies(bit: int) -> None:
    signature = Signature("bap.example", "k1", "ed25519", CREATED, EXPIRES, flipped(EXPECTED.value, bit))

    with pytest.raises(BadSignature):
        signing.verify(BODY, signature, KEY.verify_key)


@given(seed=seeds.filter(lambda seed: seed != bytes(KEY)))
def test_another_key_never_verifies(seed: bytes) -> None:
    with pytest.raises(BadSignature):
        signing.verify(BODY, EXPECTED, SigningKey(seed).verify_key)


@given(header=st.text(max_size=200) | st.text(max_size=200).map(lambda rest: f"Signature {rest}"))
def test_no_header_whatever_raises_anything_but_bad_signature(header: str) -> None:
    with pytest.raises(BadSignature):
        signing.parse(header)
