"""Beckn tag groups: a code and a list of coded values (BECKN-009)."""

from collections.abc import Iterable
from typing import Any

from beckn_adapter.translate.taxonomy import squash

Json = dict[str, Any]


def tag_group(code: str, values: Iterable[tuple[str, str]]) -> Json:
    return {
        "descriptor": {"code": code},
        "list": [{"descriptor": {"code": name}, "value": value} for name, value in values],
    }


def read_tags(groups: Any) -> dict[str, tuple[str, int, int]]:
    """Every tag of every group by its squashed code: value, group index, list index (for the path of an error).

    Group codes are not looked at: buyer apps put the same tag under `connection-type`, `connection_type` or none.
    """
    found: dict[str, tuple[str, int, int]] = {}
    for g, group in enumerate(groups or []):
        for n, tag in enumerate(group.get("list") or []):
            code = (tag.get("descriptor") or {}).get("code") or (tag.get("descriptor") or {}).get("name") or ""
            if code and "value" in tag:
                found.setdefault(squash(code), (str(tag["value"]), g, n))
    return found
