"""How PostgreSQL reads: the plan of every statement that an act causes, and which tables it reads from end to end."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction

READS = ("SELECT", "UPDATE", "DELETE", "WITH")


@dataclass
class Seen:
    """One act: its statements, the blocks they touched (where asked for), and by which ways they read."""

    statements: list[str] = field(default_factory=list)
    blocks: int = 0
    from_end_to_end: list[tuple[str, str]] = field(default_factory=list)  # table, statement
    indexes: set[str] = field(default_factory=set)  # those that were read


def watch(act: Callable[[], Any], tables: set[str], *, analyze: bool = False) -> Seen:
    """Do it, and explain each of its statements just before it is run, so that the plan is of the same rows."""
    seen = Seen()

    def explain(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        seen.statements.append(sql)
        if sql.lstrip().upper().startswith(READS) and not many:
            with _unwatched():
                plan = _plan(sql, params, analyze=analyze and sql.lstrip().upper().startswith(("SELECT", "WITH")))
            seen.blocks += plan.get("Shared Hit Blocks", 0) + plan.get("Shared Read Blocks", 0)
            nodes = list(_nodes(plan))
            seen.from_end_to_end += [(table, sql) for table in _read_whole(nodes) if table in tables]
            seen.indexes |= {node["Index Name"] for node in nodes if "Index Name" in node}
        return execute(sql, params, many, context)

    was, connection.force_debug_cursor = connection.force_debug_cursor, True  # kept statements are watched like others
    try:
        with connection.execute_wrapper(explain):
            act()
    finally:
        connection.force_debug_cursor = was
    return seen


@contextmanager
def _unwatched() -> Iterator[None]:
    wrappers, connection.execute_wrappers = connection.execute_wrappers, []
    try:
        yield
    finally:
        connection.execute_wrappers = wrappers


def _plan(sql: str, params: Any, *, analyze: bool) -> dict[str, Any]:
    options = "ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON" if analyze else "FORMAT JSON"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN ({options}) {sql}", params)
        told = cursor.fetchone()[0]
        transaction.set_rollback(True)  # ANALYZE runs it, and it may change rows
    plan: dict[str, Any] = (json.loads(told) if isinstance(told, str) else told)[0]["Plan"]
    return plan


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        yield from _nodes(child)


def _read_whole(nodes: list[dict[str, Any]]) -> list[str]:
    return [node["Relation Name"] for node in nodes if node["Node Type"] == "Seq Scan"]
