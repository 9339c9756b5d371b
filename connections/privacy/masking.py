"""How personal data looks where it need not be read in full. Pure: text in, text out.

A clerk must still tell one row from another and recognise whom they have on the telephone: initials, the last four
digits of a telephone number, the first letter and the house of an e-mail address, the street without its number.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

HIDDEN = "···"
SHORT = 80  # letters of a line that may come again
# Under which names personal data travels: our own fields, and those of messages.
PERSONAL_KEYS = frozenset(
    {
        "address",
        "address_as_given",
        "applicant_email",
        "applicant_name",
        "applicant_phone",
        "billing_address",
        "billing_email",
        "billing_name",
        "billing_phone",
        "callback_phone",
        "comment",
        "door",
        "email",
        "gps",
        "latitude",
        "longitude",
        "name",
        "original_name",
        "phone",
        "position",
        "position_as_given",
        "postcode",
        "area_code",
        "street",
        "tax_id",
    }
)
OURS = sorted(PERSONAL_KEYS - {"name", "position", "address", "comment", "door", "street"})

# Every pattern is bounded and begins at a border: a hostile line costs no more than its length.
EMAIL = re.compile(r"(?<![\w.+%-])[\w.+%-]{1,64}@(?=[\w-]{1,63}\.[\w-])")
PHONES = (
    re.compile(r"(?<![\w+])\+\d[\d ().-]{4,20}\d(?![\w])"),  # +1 (415) 555-3333
    re.compile(r"(?<![\w.+-])\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?![\w-])"),  # (415) 555-3333
    re.compile(r"(?<![\w.:+-])(?!1[5-9]\d{8}\b)\d{10,13}(?![\w.:-])"),  # 4155553333, and no seconds of Unix
)
GPS = re.compile(r"(?<![\d.])-?\d{1,3}\.\d{3,20}\s{0,3},\s{0,3}-?\d{1,3}\.\d{3,20}")
# "phone": "…", 'applicant_name': '…', applicant_name='…': the value goes, the key stays.
JSON_VALUE = re.compile(rf'(\\?"(?:{"|".join(sorted(PERSONAL_KEYS))})\\?"\s*:\s*\\?")(?:[^"\\]|\\[^"])*')
PYTHON_VALUE = re.compile(rf"(\b(?:{'|'.join(OURS)})['\"]?\s*[:=]\s*)('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")")
# PostgreSQL tells the whole row that it refused, and SQL errors the values.
ROW = re.compile(
    r"(Failing row contains )\(.{0,8000}?\)(?=\.?(?:\n|\\n|['\"]|\Z))|(Key \([^()]{0,300}\)=)\(.{0,1000}?\)", re.DOTALL
)


def mask_name(name: str) -> str:
    """Jonathan Park: J. P."""
    return " ".join(f"{word[0].upper()}." for word in name.split()[:3])


def mask_phone(phone: str) -> str:
    """+14155553333: ···3333. Fewer digits than eight show two."""
    digits = re.sub(r"\D", "", phone)
    return f"{HIDDEN}{digits[-4:] if len(digits) > 7 else digits[-2:]}" if digits else ""


def mask_email(email: str) -> str:
    """jonathan@example.com: j···@example.com."""
    local, at, house = email.rpartition("@")
    return f"{local[:1]}{HIDDEN}@{house}" if at else (HIDDEN if email else "")


def mask_address(address: str) -> str:
    """123 Valencia Street, Apt 4: ··· Valencia Street, Apt ···. Numbers go, the street stays."""
    return re.sub(r"\S*\d\S*?(?=[,;]|\s|$)", HIDDEN, address)


def mask_number(number: str) -> str:
    """A tax id or the like: its last three signs."""
    return f"{HIDDEN}{number[-3:]}" if len(number) > 3 else (HIDDEN if number else "")


def mask_value(key: str, value: Any) -> Any:
    """A value by the name it travels under; lists and objects within are gone through."""
    if isinstance(value, Mapping):
        return mask_object(value)
    if isinstance(value, list):
        return [mask_value(key, one) for one in value]
    if not isinstance(value, str):
        return HIDDEN if key in PERSONAL_KEYS and value is not None else value
    return _mask_by_name(key, value) if key in PERSONAL_KEYS else mask_text(value)


def _mask_by_name(key: str, value: str) -> str:
    """The most telling mask for what the key says it is; where it says nothing, nothing shows."""
    for ending, mask in _MASKS.items():
        if key.endswith(ending):
            return mask(value)
    return HIDDEN if value else ""


_MASKS = {"name": mask_name, "phone": mask_phone, "email": mask_email, "address": mask_address, "tax_id": mask_number}


def mask_object(data: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON object with its personal values masked. A `name` beside a `code` is a thing's: it stays."""
    is_a_thing = "code" in data
    return {key: value if key == "name" and is_a_thing else mask_value(key, value) for key, value in data.items()}


def mask_text(text: str) -> str:
    """Running text with what looks personal taken out: for logs, errors and remarks."""
    return _mask_short(text) if len(text) < SHORT else _mask(text)


@lru_cache(maxsize=256)
def _mask_short(text: str) -> str:
    """Most lines of a log are the same few sentences, and reading one for all these patterns is most of its cost."""
    return _mask(text)


def _mask(text: str) -> str:
    text = ROW.sub(lambda found: f"{found[1] or found[2]}({HIDDEN})", text)
    text = JSON_VALUE.sub(rf"\1{HIDDEN}", text)
    text = PYTHON_VALUE.sub(rf"\1'{HIDDEN}'", text)
    text = EMAIL.sub(f"{HIDDEN}@", text)
    for phone in PHONES:
        text = phone.sub(lambda found: mask_phone(found[0]), text)
    return GPS.sub(HIDDEN, text)
