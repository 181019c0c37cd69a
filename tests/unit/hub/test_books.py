"""The log of steps: chained, signed, append-only, in one order."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from hub.store.audit import AuditLog, check_chain
from hub.store.database import Database, StoreError
from hub.store.tables import audit, head, metadata
from tests.hub_worlds import HUB_KEY, HubWorld


def write_steps(world: HubWorld, count: int = 3) -> None:
    for i in range(count):
        with world.parts.audit.begin() as books:
            books.add("somebody", "test", books.next_number(), {"i": i, "word": "闽"})


def faults(world: HubWorld, *heads: str) -> list[str]:
    with world.parts.database.read() as connection:
        return check_chain(connection, [HUB_KEY.public_key()], heads)


def tamper(world: HubWorld, statement: str) -> None:
    """Change what nobody may, as the owner of the database could."""
    postgres = world.parts.database.is_postgres
    with world.parts.database.write() as connection:
        if postgres:
            connection.exec_driver_sql("ALTER TABLE audit DISABLE TRIGGER USER")
        else:
            connection.exec_driver_sql("DROP TRIGGER audit_no_update")
            connection.exec_driver_sql("DROP TRIGGER audit_no_delete")
        connection.exec_driver_sql(statement)


def test_a_fresh_chain_holds(either_hub: HubWorld) -> None:
    write_steps(either_hub)
    assert faults(either_hub) == []


def test_the_tables_are_what_the_migrations_make(either_hub: HubWorld) -> None:
    with either_hub.parts.database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_who_waits_too_long_for_another_writer_is_told(either_hub: HubWorld) -> None:
    impatient = AuditLog(Database(either_hub.parts.settings.store, patience_s=0.05))
    with either_hub.parts.audit.begin(), pytest.raises(StoreError, match="cannot be used"), impatient.begin():
        pass
    impatient.database.close()
    write_steps(either_hub)
    assert faults(either_hub) == []


@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'other'", "DELETE FROM audit"])
def test_steps_can_be_neither_changed_nor_deleted(either_hub: HubWorld, statement: str) -> None:
    write_steps(either_hub)
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), either_hub.parts.database.write() as connection:
        connection.exec_driver_sql(statement)
    assert faults(either_hub) == []


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("UPDATE audit SET actor = 'other' WHERE seq = 2", "step 2 (test by other) was changed"),
        ("UPDATE audit SET body = '{}' WHERE seq = 1", "step 1 (test by somebody) was changed"),
        ("DELETE FROM audit WHERE seq = 2", "step 2 is missing: 3 comes after 1"),
        ("DELETE FROM audit WHERE seq = 3", "the log ends at step 2, but the hub had written 3"),
        ("UPDATE audit SET signature = NULL WHERE seq = 3", "step 3 is not signed"),
        ("UPDATE audit SET signature = 'x' WHERE seq = 3", "step 3 is not signed by the hub"),
    ],
)
def test_what_is_touched_behind_the_hubs_back_is_named(either_hub: HubWorld, statement: str, fault: str) -> None:
    write_steps(either_hub)
    tamper(either_hub, statement)
    assert fault in faults(either_hub)


def test_a_chain_cut_short_with_its_head_lacks_the_link_noted_elsewhere(either_hub: HubWorld) -> None:
    write_steps(either_hub)
    with either_hub.parts.database.read() as connection:
        noted, before = connection.execute(sa.select(audit.c.sha256, audit.c.prev_sha256).where(audit.c.seq == 3)).one()
    assert faults(either_hub, noted) == []
    tamper(either_hub, "DELETE FROM audit WHERE seq = 3")
    with either_hub.parts.database.write() as connection:
        connection.execute(sa.update(head).values(audit_seq=2, audit_sha256=before))
    assert faults(either_hub) == []
    assert faults(either_hub, noted) == [f"no step has the link {noted}, which was noted elsewhere"]


def test_steps_written_at_once_queue_up(either_hub: HubWorld) -> None:
    threads = [threading.Thread(target=write_steps, args=(either_hub, 10)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults(either_hub) == []
    with either_hub.parts.database.read() as connection:
        numbers = connection.execute(sa.select(audit.c.number).order_by(audit.c.seq)).scalars().all()
    assert numbers == list(range(1, 41))


def test_a_failed_transaction_leaves_nothing_not_even_its_number(either_hub: HubWorld) -> None:
    def fail() -> None:
        with either_hub.parts.audit.begin() as books:
            books.add("somebody", "test", books.next_number())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    write_steps(either_hub, 1)
    assert faults(either_hub) == []
    with either_hub.parts.database.read() as connection:
        assert connection.execute(sa.select(audit.c.number)).scalars().all() == [1]


def test_a_reader_sees_one_state_whatever_is_written_meanwhile(either_hub: HubWorld) -> None:
    write_steps(either_hub, 1)
    with either_hub.parts.database.read() as connection:
        ends = [connection.scalar(sa.select(head.c.audit_seq))]
        write_steps(either_hub, 1)
        ends += [
            connection.scalar(sa.select(head.c.audit_seq)),
            connection.scalar(sa.select(sa.func.count(audit.c.seq))),
        ]
    assert ends == [1, 1, 1]


def test_time_does_not_run_backwards_in_the_log(either_hub: HubWorld) -> None:
    write_steps(either_hub, 1)
    either_hub.clock.go(-3600)
    write_steps(either_hub, 1)
    assert faults(either_hub) == []
