"""The core's own word on a message: its 1.1.0 OpenAPI files, which lie beside the project and not in it.

They are read from ../shared/protocol (their licence keeps them out of the project). Where they are absent, what asks
for them is skipped.
"""

from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

PROTOCOL = Path(__file__).resolve().parent.parent.parent / "shared" / "protocol"
FILES = ("transaction-1.1.0.yaml", "meta-1.1.0.yaml")
CONTEXT_IDS = (["context", "transaction_id"], ["context", "message_id"])


def violations(message: dict[str, Any], *, uuid_ids: bool) -> list[str]:
    """Every violation of the request body schema of `/<context.action>`, as "path: message"; empty when valid.

    The core wants UUIDs as transaction_id and message_id. The guide's own are none: `uuid_ids=False` lets them pass.
    """
    action = message.get("context", {}).get("action", "")
    return [
        f"{'.'.join(map(str, error.instance_path)) or 'message'}: {error.message}"
        for error in _validator(action).iter_errors(message)
        if uuid_ids or not _is_about_a_context_id(error)
    ]


def _is_about_a_context_id(error: jsonschema_rs.ValidationError) -> bool:
    return error.instance_path in CONTEXT_IDS and error.schema_path[-1] == "format"


@cache
def _validator(action: str) -> jsonschema_rs.Validator:
    """The whole document is the schema, so that references inside it resolve; a `$ref` at its root picks the action.

    OpenAPI's own words (`example`, `nullable`) and the formats that JSON Schema does not know (`phone`) say nothing.
    """
    document = _document()
    if f"/{action}" not in document["paths"]:
        raise LookupError(f"core 1.1.0 has no action {action!r}")
    schema = {**document, "$ref": f"#/paths/~1{action}/post/requestBody/content/application~1json/schema"}
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True, ignore_unknown_formats=True)


@cache
def _document() -> dict[str, Any]:
    """Both files as one, with the transaction file's components: the meta file's own refer to places that it lacks."""
    absent = [name for name in FILES if not (PROTOCOL / name).exists()]
    if absent:
        pytest.skip(f"the core 1.1.0 files are not here: {', '.join(absent)} in {PROTOCOL}")
    transaction, meta = (yaml.safe_load((PROTOCOL / name).read_text()) for name in FILES)
    return {**transaction, "paths": {**transaction["paths"], **meta["paths"]}}
