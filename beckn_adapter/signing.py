"""Beckn signatures (BECKN-006), exactly and purely: bytes, keys and times in, headers and verdicts out.

The signing string is three lines joined by LF, one space after each colon, no trailing newline:
`(created): …`, `(expires): …`, `digest: BLAKE-512=…` with the BLAKE2b-512 digest of the raw body in base64.
"""

import base64
import binascii
import hashlib
import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

ALGORITHM = "ed25519"
HEADERS = "(created) (expires) digest"
NAME = re.compile(r"[!-{}~]{1,255}")  # of a subscriber or a key: printable ASCII without space or bar
SECONDS = re.compile(r"[0-9]{1,12}")
PARAMETER = re.compile(r'(\w+)\s*=\s*(?:"([^"]*)"|([^",\s]+))')
# The fixed beginning of a 32-byte key wrapped as DER: SubjectPublicKeyInfo, and PKCS#8 of version 0 or 1.
SPKI = {
    "ed25519": bytes.fromhex("302a300506032b6570032100"),
    "x25519": bytes.fromhex("302a300506032b656e032100"),
}
PKCS8 = {
    "ed25519": re.compile(rb"\x30[\x2e\x51]\x02\x01[\x00\x01]\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20", re.DOTALL),
    "x25519": re.compile(rb"\x30[\x2e\x51]\x02\x01[\x00\x01]\x30\x05\x06\x03\x2b\x65\x6e\x04\x22\x04\x20", re.DOTALL),
}


class BadSignature(Exception):
    """A header that can not be read, or a signature that does not fit. The text says which, without secrets."""


class BadKey(ValueError):
    """A key in no encoding that networks use (PROTOCOL: section c, "Key formats")."""


class Signature(NamedTuple):
    """A parsed `Authorization` header. Times are Unix seconds."""

    subscriber_id: str
    key_id: str
    algorithm: str
    created: int
    expires: int
    value: bytes


class Hashed(NamedTuple):
    """What is signed of a body: its BLAKE2b-512, which may be taken while it is read, and is taken once."""

    blake2b: bytes


Body = bytes | Hashed


def hasher() -> "hashlib.blake2b":
    """What a body is run through, piece by piece."""
    return hashlib.blake2b(digest_size=64)


def hashed(body: Body) -> Hashed:
    """The body as it is signed."""
    return body if isinstance(body, Hashed) else Hashed(hashlib.blake2b(body, digest_size=64).digest())


def digest(body: Body) -> str:
    """base64 of the BLAKE2b-512 of the body."""
    return base64.b64encode(hashed(body).blake2b).decode()


def signing_string(body: Body, created: int, expires: int) -> bytes:
    """The three lines that are signed (BECKN-006, "Signing string")."""
    return f"(created): {created}\n(expires): {expires}\ndigest: BLAKE-512={digest(body)}".encode()


def authorization(body: bytes, *, subscriber_id: str, key_id: str, key: SigningKey, created: int, expires: int) -> str:
    """The value of an `Authorization` (or gateway) header over these very bytes."""
    signature = base64.b64encode(key.sign(signing_string(body, created, expires)).signature).decode()
    return (
        f'Signature keyId="{subscriber_id}|{key_id}|{ALGORITHM}",algorithm="{ALGORITHM}",'
        f'created="{created}",expires="{expires}",headers="{HEADERS}",signature="{signature}"'
    )


def parse(header: str) -> Signature:
    """Read a header as it is written in the wild: quoted or not, with commas or spaces. Raises `BadSignature`."""
    header = header.strip()
    if header.startswith('"'):  # the whole header in quotes, as some buyer apps send it
        header = header.removeprefix('"').removesuffix('"')
    scheme, _, rest = header.partition(" ")
    if scheme != "Signature":
        raise BadSignature("the header does not begin with the scheme Signature")
    found = PARAMETER.findall(rest)
    fields = {name: quoted or bare for name, quoted, bare in found}
    if len(fields) != len(found):
        raise BadSignature("a parameter stands twice in the header")
    missing = {"keyId", "created", "expires", "signature"} - fields.keys()
    if missing:
        raise BadSignature(f"the header lacks {', '.join(sorted(missing))}")
    subscriber_id, key_id, algorithm = _key_id(fields["keyId"])
    if fields.get("algorithm", algorithm).lower() != algorithm:
        raise BadSignature("the algorithm is not the same in keyId")
    if fields.get("headers", HEADERS).split() != HEADERS.split():
        raise BadSignature(f"the signed headers are not {HEADERS}")
    try:
        created, expires = _seconds(fields["created"]), _seconds(fields["expires"])
        value = base64.b64decode(fields["signature"], validate=True)
    except (ValueError, binascii.Error):
        raise BadSignature("created, expires or signature can not be read") from None
    return Signature(subscriber_id, key_id, algorithm, created, expires, value)


@lru_cache(maxsize=1024)
def _key_id(text: str) -> tuple[str, str, str]:
    """`subscriber|key|algorithm`; a network with one key a subscriber may leave the key out."""
    parts = text.split("|")
    if len(parts) == 2:
        parts.insert(1, "")
    if len(parts) != 3 or not NAME.fullmatch(parts[0]) or (parts[1] and not NAME.fullmatch(parts[1])):
        raise BadSignature("keyId is not subscriber|key|algorithm")
    return parts[0], parts[1], parts[2].lower()


def _seconds(text: str) -> int:
    """Digits, as they are written into the signing string: no sign, no underscore, no digits of another script."""
    if not SECONDS.fullmatch(text):
        raise ValueError(text)
    return int(text)


def check_algorithm(signature: Signature) -> None:
    """Only Ed25519 is spoken (BECKN-006). Raises `BadSignature`."""
    if signature.algorithm != ALGORITHM:
        raise BadSignature("the algorithm is not ed25519")


def check_times(signature: Signature, *, now: float, skew: int) -> None:
    """`created` not in the future, `expires` not in the past, each within `skew` seconds. Raises `BadSignature`."""
    if signature.created > now + skew:
        raise BadSignature(
            f"the signature is created in the future: at {_utc(signature.created)}, our clock says {_utc(now)}"
        )
    if signature.expires < now - skew:
        raise BadSignature(f"the signature has expired: at {_utc(signature.expires)}, our clock says {_utc(now)}")
    if signature.expires < signature.created:
        raise BadSignature("the signature expires before it is created")


def _utc(seconds: float) -> str:
    """Unix seconds for a person; as they are where no calendar reaches."""
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"
    except (ValueError, OverflowError, OSError):
        return str(seconds)


def verify(body: Body, signature: Signature, key: VerifyKey) -> None:
    """Raises `BadSignature` unless this key signed these bytes at these times."""
    try:
        key.verify(signing_string(body, signature.created, signature.expires), signature.value)
    except (BadSignatureError, ValueError):
        raise BadSignature("the signature does not fit the body and the key") from None


def read_public_key(text: str, curve: str = ALGORITHM) -> bytes:
    """32 bytes from base64 of the raw key or of its SPKI DER, or from PEM. Raises `BadKey`."""
    raw = _decode(text)
    if len(raw) == 44 and raw.startswith(SPKI[curve]):
        raw = raw[12:]
    if len(raw) != 32:
        raise BadKey(f"a public {curve} key is 32 bytes, or 44 as DER; this has {len(raw)}")
    return raw


def read_private_key(text: str, curve: str = ALGORITHM) -> bytes:
    """The 32-byte seed from base64 of the seed, of libsodium's 64 bytes, or of PKCS#8 DER or PEM. Raises `BadKey`."""
    raw = _decode(text)
    wrapped = PKCS8[curve].match(raw)
    if wrapped:
        raw = raw[wrapped.end() : wrapped.end() + 32]
    if curve == ALGORITHM and len(raw) == 64:
        if bytes(SigningKey(raw[:32]).verify_key) != raw[32:]:
            raise BadKey("the two halves of the 64-byte key do not belong together")
        raw = raw[:32]
    if len(raw) != 32:
        raise BadKey(f"a private {curve} key is 32 or 64 bytes, or PKCS#8; this has {len(raw)}")
    return raw


def _decode(text: str) -> bytes:
    lines = [line for line in text.strip().splitlines() if not line.startswith("-----")]
    try:
        return base64.b64decode("".join(lines).strip(), validate=True)
    except ValueError:  # binascii.Error is one; text outside ASCII raises the plain kind
        raise BadKey("the key is not base64 (is its padding lost?)") from None
