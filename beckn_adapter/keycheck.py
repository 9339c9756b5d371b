"""Do our keys, the registry's record of them and the clocks agree? Said in words, for a command and for `check`."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from beckn_adapter import keys
from beckn_adapter.dialects import iso
from beckn_adapter.registry_client import Answer, Client, RegistryDown
from beckn_adapter.signing import BadKey, read_public_key
from beckn_adapter.subscriber import Subscriber

SOON = timedelta(days=14)


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. `id` is the system check's number where it is wrong."""

    good: bool
    words: str
    id: str = ""


def examine(client: Client) -> Iterator[Finding]:
    """Stops at what makes the rest pointless: no key, no registry. At most one time-out long."""
    try:
        ours = keys.ours()
    except BadKey as problem:
        yield Finding(False, f"{problem}.", "E020")
        return
    for number, pairs in enumerate(ours):
        yield Finding(True, f"{pairs.key_id}: the keys can be read.")
        try:
            found, said = client.look_up(settings.BECKN_SUBSCRIBER_ID, pairs.key_id)
        except RegistryDown as problem:
            yield Finding(False, f"The registry can not be asked: {problem}.", "W021")
            return
        if not number:
            yield from clocks(said)
        for domain in settings.BECKN_DOMAINS:
            yield from compare(pairs, found, domain)


def clocks(said: Answer) -> Iterator[Finding]:
    """Our clock against the registry's Date header, which counts whole seconds."""
    if said.ahead is None:
        yield Finding(True, "The registry does not say what time it is.")
    elif abs(said.ahead) <= settings.BECKN_CLOCK_SKEW:
        yield Finding(True, "The registry's clock and ours agree.")
    else:
        slow = "behind" if said.ahead > 0 else "ahead of"
        yield Finding(False, f"Our clock is {abs(said.ahead):.0f} s {slow} the registry's.", "E022")


def compare(pairs: keys.KeyPairs, found: list[Subscriber], domain: str) -> Iterator[Finding]:
    """Our keys against the registry's record of them in one domain."""
    which = f"{pairs.key_id} in {domain}"
    record = next((one for one in found if one.type == "BPP" and one.domain in ("", domain)), None)
    if record is None:
        known = ", ".join(sorted({f"{one.type} in {one.domain or 'any domain'}" for one in found})) or "none"
        words = f"{which}: the registry has no BPP record of this key (it has: {known}). Run beckn_subscribe."
        yield Finding(False, words, "E023")
        return
    same = record.key == pairs.signing.verify_key
    yield Finding(same, f"{which}: the signing key {_agrees(same)} the registry's.", "E024")
    if pairs.encryption and record.encryption_key:
        same = _encryption_key(record) == pairs.encryption_public
        yield Finding(same, f"{which}: the encryption key {_agrees(same)} the registry's.", "E025")
    same = record.url == settings.BECKN_SUBSCRIBER_URI
    says = "" if same else f": it has {record.url}, here it is {settings.BECKN_SUBSCRIBER_URI}"
    yield Finding(same, f"{which}: the address {_agrees(same)} the registry's{says}.", "E026")
    yield Finding(record.status == "SUBSCRIBED", f"{which}: the status is {record.status or 'missing'}.", "E027")
    yield from validity(which, record, signs=pairs.key_id == settings.BECKN_KEY_ID)


def validity(which: str, record: Subscriber, *, signs: bool) -> Iterator[Finding]:
    """The key that signs is valid now, and for two weeks to come. The second one may end: it was retired."""
    now = timezone.now()
    if record.valid_until and not signs and record.valid_until <= now + SOON:
        over = record.valid_until <= now
        words = "ended; its settings can go" if over else "ends; it is retired"
        yield Finding(True, f"{which}: at {iso(record.valid_until)} it {words}.")
        return
    if record.valid_from and record.valid_from > now:
        yield Finding(False, f"{which}: valid only from {iso(record.valid_from)}.", "E028")
    elif record.valid_until is None:
        yield Finding(True, f"{which}: valid without an end.")
    elif record.valid_until <= now:
        yield Finding(False, f"{which}: it ended at {iso(record.valid_until)}.", "E028")
    elif record.valid_until <= now + SOON:
        yield Finding(False, f"{which}: it ends at {iso(record.valid_until)}; rotate soon (docs/keys.md).", "W029")
    else:
        yield Finding(True, f"{which}: valid until {iso(record.valid_until)}.")


def _agrees(same: bool) -> str:
    return "is" if same else "is not"


def _encryption_key(record: Subscriber) -> str:
    try:
        return keys.b64(read_public_key(record.encryption_key, keys.X25519))
    except BadKey:
        return ""
