"""SQL that is worded once in a process.

Django words each statement anew, which costs five times what it takes to send it and to read what comes back. Where the
same is asked or written for every order it is kept as text, and only the values change: `Question` for what is read,
`Beside` for what is read beside a row, `Worded` for models whose rows are many. Each does what its counterpart of
Django does, on every database.
"""

from collections.abc import Callable
from functools import cached_property, lru_cache
from operator import itemgetter
from typing import Any, Generic, TypeVar

from django.db import connection, models, transaction
from django.db.models.query import get_related_populators

from connections.statement import run

Row = TypeVar("Row")


class Key(models.Expression):
    """The place in a question that its nth key is put into."""

    def __init__(self, n: int) -> None:
        super().__init__()
        self.n = n

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        return "%s", (self,)


class Question(Generic[Row]):
    """A query that is asked again and again with other keys, texts or ids:
    `Question(lambda: Letter.objects.filter(pk=Key(0)))`. Its answer is the list of rows, or of tuples of values."""

    def __init__(self, ask: Callable[[], "models.QuerySet[Any, Row]"]) -> None:
        self._ask = ask

    def __call__(self, *keys: int | str) -> list[Row]:
        sql, params, read, locks = self._wording
        if locks and not connection.in_atomic_block:  # Django looks when it words it, and no more
            raise transaction.TransactionManagementError("Rows are locked inside a transaction.")
        bound = [_adapted(keys[value.n]) if isinstance(value, Key) else value for value in params]
        return [read(row) for row in run(sql, bound)]

    @cached_property
    def _wording(self) -> tuple[str, list[Any], Callable[[Any], Row], bool]:
        rows: Any = self._ask()
        compiler = rows.query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        converters = compiler.get_converters([column for column, *_ in compiler.select])
        make = _maker(compiler) if rows._fields is None else tuple

        def read(row: Any) -> Any:
            values = list(row)
            for place, (convert, column) in converters.items():
                for step in convert:
                    values[place] = step(values[place], column, connection)
            return make(values)

        return sql, list(params), read, rows.query.select_for_update


def _adapted(key: int | str) -> Any:
    """Of one width however small it is: else PostgreSQL would plan the same statement for each width anew."""
    return connection.ops.adapt_integerfield_value(key, "BigIntegerField") if isinstance(key, int) else key


def _maker(compiler: Any) -> Callable[[Any], Any]:
    """What makes a model's row, with those that are selected with it, of the values of a line."""
    info, places = compiler.klass_info, compiler.klass_info["select_fields"]
    model, take = info["model"], itemgetter(slice(places[0], places[-1] + 1))
    names = [column.target.attname for column, *_ in take(compiler.select)]
    others: list[Any] = get_related_populators(info, compiler.select, "default")  # type: ignore[call-arg]

    def make(values: Any) -> Any:
        row = model.from_db("default", names, take(values))
        for other in others:
            other.populate(values, row)
        return row

    return make


class Beside:
    """The rows that point to another one, read once and kept with it: `Beside(Application, "documents")(application)`
    is `prefetch_related_objects([application], "documents")`. `rows` may say what is selected with them."""

    def __init__(self, model: type[models.Model], relation: str, rows: "models.QuerySet[Any] | None" = None) -> None:
        self._model, self._relation, self._rows = model, relation, rows

    def __call__(self, thing: models.Model) -> None:
        kept = _kept_rows(thing) if self._way.multiple else thing._state.fields_cache
        if self._relation in kept:
            return
        found = self._question(thing.pk)
        for row in found:
            setattr(row, self._way.field.name, thing)
        if self._way.multiple:
            kept[self._relation] = _as_answer(getattr(thing, self._relation).all(), found)
        elif not found:
            kept[self._relation] = None

    @cached_property
    def _way(self) -> Any:
        return self._model._meta.get_field(self._relation)

    @cached_property
    def _question(self) -> Question[Any]:
        rows = self._way.related_model._default_manager.all() if self._rows is None else self._rows
        return Question(lambda: rows.filter(**{self._way.field.name: Key(0)}))


def _kept_rows(thing: Any) -> dict[str, Any]:
    """Where Django keeps what it has prefetched."""
    kept: dict[str, Any] = thing.__dict__.setdefault("_prefetched_objects_cache", {})
    return kept


def _as_answer(rows: Any, found: list[Any]) -> Any:
    """A queryset that was answered already."""
    rows._result_cache, rows._prefetch_done = found, True
    return rows


class Worded(models.Model):
    """A model whose rows are saved by kept statements. For columns that get plain values, no expressions."""

    class Meta:
        abstract = True

    def _do_insert(self, manager: Any, using: str, fields: Any, returning_fields: Any, raw: bool) -> list[Any]:
        values = [
            field.get_db_prep_save(getattr(self, field.attname) if raw else field.pre_save(self, True), connection)
            for field in fields
        ]
        return run(_insertion(type(self), tuple(fields), tuple(returning_fields)), values)

    def _do_update(  # type: ignore[override] # django-stubs have Django 6's
        self, base_qs: Any, using: str, pk_val: Any, values: Any, update_fields: Any, forced_update: bool
    ) -> bool:
        if not values:
            return update_fields is not None or bool(base_qs.filter(pk=pk_val).exists())
        changes = [(field, value) for field, _, value in values]
        held_to = [(look.lhs.target, look.rhs) for look in base_qs.query.where.children]  # django-fsm's: its state
        held_to.append((self._meta.pk, pk_val))
        statement = _change(type(self), *(tuple(field for field, _ in pairs) for pairs in (changes, held_to)))
        with connection.cursor() as cursor:
            cursor.execute(statement, [field.get_db_prep_save(value, connection) for field, value in changes + held_to])
            return bool(cursor.rowcount)


@lru_cache(maxsize=1000)
def _change(model: type[models.Model], fields: tuple[Any, ...], held_to: tuple[Any, ...]) -> str:
    quote = connection.ops.quote_name
    columns, rows = ([f"{quote(field.column)} = %s" for field in group] for group in (fields, held_to))
    table = quote(model._meta.db_table)
    return f"UPDATE {table} SET {', '.join(columns)} WHERE {' AND '.join(rows)}"  # noqa: S608 - our own names


@lru_cache(maxsize=1000)
def _insertion(model: type[models.Model], fields: tuple[Any, ...], returning: tuple[Any, ...]) -> str:
    quote = connection.ops.quote_name
    columns, marks = ", ".join(quote(field.column) for field in fields), ", ".join(["%s"] * len(fields))
    statement = f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES ({marks})"  # noqa: S608 - our own names
    return f"{statement} RETURNING {', '.join(quote(field.column) for field in returning)}" if returning else statement
