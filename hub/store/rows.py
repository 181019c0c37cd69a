"""Rows that stand once: put in, or changed where they stand already, on either database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection


def insert_into(connection: Connection, table: sa.Table) -> sqlite.Insert | postgresql.Insert:
    """The insert of the database's own kind, which knows what to do about a conflict."""
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)


def put(
    connection: Connection,
    table: sa.Table,
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[str] | Mapping[str, Any],
) -> None:
    """Insert rows; where one stands already, change these columns alone."""
    if not rows:
        return
    insert, keys = insert_into(connection, table), list(table.primary_key)
    if columns:
        once = insert.on_conflict_do_update(index_elements=keys, set_={name: insert.excluded[name] for name in columns})
    else:
        once = insert.on_conflict_do_nothing(index_elements=keys)
    connection.execute(once, list(rows))
