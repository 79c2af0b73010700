"""Rows that arrive in bulk, each once: COPY into a temporary table, then one INSERT and one UPDATE per block.

Nothing of the target is touched before the whole file is staged, so a file can be refused as a whole; memory holds one
batch, whatever the number of rows; rows that are there already and say the same are not written.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from types import TracebackType
from typing import Any, Self

import orjson
from django.db import connection, transaction

BATCH = 5_000
BLOCK = 20_000
LISTED = 1_000
# Below this, the planner's guess about a temporary table does no harm.
_ANALYZE_FROM = 1_000

Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeated:
    """Rows whose key an earlier row of the same file has: how many, and (line, line of the first) of the first ones."""

    n: int = 0
    lines: tuple[tuple[int, int], ...] = ()


BeforeWrite = Callable[[Repeated], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What became of the rows of one file."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    repeated: Repeated = field(default_factory=Repeated)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where staged rows go.

    `columns` are staged and compared, with their SQL types; `key` are those of them that identify a row among the rows
    that share the values of `scope`; `on_insert` are expressions for further columns. `null_key` gives, for key columns
    that may be empty, a value that stands for "empty" and never occurs. `staged_only` are columns for the stage alone.
    """

    table: str
    columns: Mapping[str, str]
    key: tuple[str, ...]
    scope: tuple[str, ...] = ()
    on_insert: Mapping[str, str] = field(default_factory=dict)
    null_key: Mapping[str, str] = field(default_factory=dict)
    staged_only: Mapping[str, str] = field(default_factory=dict)
    # The column that the database numbers; staged rows get their number at once, so that rows can refer to them.
    numbered: str = ""
    # A condition on target row `t` under which it stays as it is, whatever is staged.
    frozen: str = ""


class Stage:
    """A temporary table for the rows of one file; the caller holds the transaction."""

    def __init__(self, target: Target, scope: Mapping[str, int]) -> None:
        """Stage rows for `target`; `scope` gives the values of its scope columns."""
        self.target = target
        self.scope = {name: int(scope[name]) for name in target.scope}
        self.name = f"stage_{target.table}"
        self.n = 0

    def __enter__(self) -> Self:
        """Make the table."""
        columns = {"line": "bigint", **self.target.columns, **self.target.staged_only}
        body = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        if self.target.numbered:
            sequence = f"pg_get_serial_sequence('{self.target.table}', '{self.target.numbered}')"
            body = f"{self.target.numbered} bigint NOT NULL DEFAULT nextval({sequence}), {body}"
        self.run(f"DROP TABLE IF EXISTS {self.name}")
        self.run(f"CREATE TEMPORARY TABLE {self.name} ({body})")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Drop the table; after an error the rollback does."""
        if kind is None:
            self.run(f"DROP TABLE {self.name}")

    def run(self, sql: str, parameters: Sequence[Any] | None = None) -> list[tuple[Any, ...]]:
        """Execute one statement; return its rows."""
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return cursor.fetchall() if cursor.description else []

    def add(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Copy rows in, each (line, column, …) in the order of the target's columns, then the staged-only ones."""
        names = ", ".join(["line", *self.target.columns, *self.target.staged_only])
        with connection.cursor() as cursor, cursor.copy(f"COPY {self.name} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
                self.n += 1

    def drop_repeated(self) -> Repeated:
        """Keep the first row of each key, drop the others, and tell which they were."""
        keys = ", ".join(self.target.key)
        # Names below are this module's own constants, never a caller's text.
        if not self.run(f"SELECT 1 FROM {self.name} GROUP BY {keys} HAVING count(*) > 1 LIMIT 1"):  # noqa: S608
            return Repeated()
        rows = self.run(
            f"""
            WITH marked AS (
                SELECT ctid AS place, line, min(line) OVER (PARTITION BY {keys}) AS first FROM {self.name}
            ), dropped AS (
                DELETE FROM {self.name} s USING marked m WHERE s.ctid = m.place AND m.line <> m.first
                RETURNING m.line, m.first
            )
            SELECT line, first, count(*) OVER () FROM dropped ORDER BY line LIMIT {LISTED}
            """  # noqa: S608
        )
        n = rows[0][2] if rows else 0
        self.n -= n
        return Repeated(n=n, lines=tuple((line, first) for line, first, _ in rows))

    def drop_elsewhere(self, rows: str) -> int:
        """Drop staged rows `s` that another source tells too; `rows` selects columns of the same names as `s`."""
        names = [name for name in self.target.columns if name not in self.target.null_key]
        same = [f"e.{name} IS NOT DISTINCT FROM s.{name}" for name in names if name not in self.target.key]
        same += [f"e.{name} = s.{name}" for name in names if name in self.target.key]
        same += [
            f"coalesce(e.{name}, {empty}) = coalesce(s.{name}, {empty})" for name, empty in self.target.null_key.items()
        ]
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {self.name} s USING ({rows}) e WHERE {' AND '.join(same)}")  # noqa: S608
            n = int(cursor.rowcount)
        self.n -= n
        return n

    def blocks(self) -> Iterator[tuple[str, float]]:
        """Yield (condition on the staged rows `s`, share done afterwards), about BLOCK rows each."""
        if self.n >= _ANALYZE_FROM:
            self.run(f"ANALYZE {self.name}")
        pages = self.run(f"SELECT pg_relation_size('{self.name}') / current_setting('block_size')::int")[0][0]
        step = max(1, pages * BLOCK // max(1, self.n))
        for start in range(0, pages, step):
            condition = f"s.ctid >= '({start},0)'::tid AND s.ctid < '({start + step},0)'::tid"
            yield condition, min(1.0, (start + step) / pages)

    def target_is_empty(self) -> bool:
        """Tell whether the scope holds no row yet: then nothing need be compared."""
        return not self.run(f"SELECT 1 FROM {self.target.table} t WHERE {self._scoped()} LIMIT 1")  # noqa: S608

    def _scoped(self) -> str:
        return " AND ".join(f"t.{name} = {value}" for name, value in self.scope.items()) or "true"

    def matches(self) -> str:
        """Return the condition that staged row `s` is target row `t`."""
        pairs = []
        for name in self.target.key:
            empty = self.target.null_key.get(name)
            pairs.append(
                f"t.{name} = s.{name}"
                if empty is None
                else f"coalesce(t.{name}, {empty}) = coalesce(s.{name}, {empty})"
            )
        return " AND ".join([self._scoped(), *pairs])

    def insert(self, block: str, *, only_new: bool) -> int:
        """Insert the block's rows (those whose key is not there yet, if asked); return how many."""
        target = self.target
        number = [target.numbered] if target.numbered else []
        names = [*number, *target.columns, *self.scope, *target.on_insert]
        values = [*(f"s.{name}" for name in [*number, *target.columns])]
        values += [*(str(value) for value in self.scope.values()), *target.on_insert.values()]
        absent = f" AND NOT EXISTS (SELECT 1 FROM {target.table} t WHERE {self.matches()})" if only_new else ""  # noqa: S608
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {target.table} ({', '.join(names)}) "  # noqa: S608
                f"SELECT {', '.join(values)} FROM {self.name} s WHERE {block}{absent}"
            )
            return int(cursor.rowcount)

    def update(self, block: str, returning: str = "") -> int:
        """Update rows that are there and say something else; return how many. `returning` is a table for their ids."""
        compared = [name for name in self.target.columns if name not in self.target.key]
        old = ", ".join(f"t.{name}" for name in compared)
        new = ", ".join(f"s.{name}" for name in compared)
        moves = ", ".join(f"{name} = s.{name}" for name in compared)
        kept = f" AND NOT ({self.target.frozen})" if self.target.frozen else ""
        statement = (
            f"UPDATE {self.target.table} t SET {moves} FROM {self.name} s "  # noqa: S608
            f"WHERE {block} AND {self.matches()} AND ROW({old}) IS DISTINCT FROM ROW({new}){kept}"
        )
        if returning:
            statement = (
                f"WITH moved AS ({statement} RETURNING t.id) "  # noqa: S608
                f"INSERT INTO {returning} SELECT id FROM moved "
                "ON CONFLICT DO NOTHING"
            )
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return int(cursor.rowcount)


def batched(rows: Iterable[Any], size: int = BATCH) -> Iterator[list[Any]]:
    """Yield lists of at most `size` rows."""
    iterator = iter(rows)
    while batch := list(islice(iterator, size)):
        yield batch


def same_json(left: object, right: object) -> bool:
    """Tell whether two values are equal once stored: numbers beyond 64 bits come in as floats and out as integers."""
    if left == right:
        return True
    if not isinstance(left, dict | list) or not isinstance(right, dict | list):
        return False
    return bool(orjson.loads(json.dumps(left)) == orjson.loads(json.dumps(right)))


@transaction.atomic
def upsert(
    *,
    target: Target,
    scope: Mapping[str, int],
    batches: Iterable[Iterable[tuple[Any, ...]]],
    before_write: BeforeWrite | None = None,
    progress: Progress | None = None,
    elsewhere: str = "",
) -> Recorded:
    """Record batches of staged tuples; `before_write` may raise to refuse all of them.

    `elsewhere` selects rows of other sources: what they tell already counts as unchanged and is not stored twice.
    """
    with Stage(target, scope) as stage:
        for batch in batches:
            stage.add(batch)
        repeated = stage.drop_repeated()
        if before_write is not None:
            before_write(repeated)
        created = updated = 0
        known = stage.drop_elsewhere(elsewhere) if elsewhere else 0
        fresh = stage.target_is_empty()
        for block, share in stage.blocks():
            n = stage.insert(block, only_new=not fresh)
            created += n
            if not fresh:
                updated += stage.update(block)
            if progress is not None:
                progress(share)
        return Recorded(
            created=created, updated=updated, unchanged=known + stage.n - created - updated, repeated=repeated
        )


def refresh_statistics(tables: Iterable[str], *, n_written: int) -> None:
    """Let the planner see rows that have just come in by the thousand; a few rows are left to the autovacuum.

    Until then it may take a table for empty and join it row by row, which turns milliseconds into minutes. To be called
    outside of the transactions that wrote, since each table is locked against other ANALYZEs until the commit.
    """
    if n_written < _ANALYZE_FROM:
        return
    with connection.cursor() as cursor:
        for table in sorted(tables):
            cursor.execute(f"ANALYZE {connection.ops.quote_name(table)}")
