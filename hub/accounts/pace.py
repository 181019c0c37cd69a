"""How many attempts to log in one address has.

They are counted in the database, not with a library such as `limits`: that counts per process in memory, or needs a
Redis beside the hub, and here any number of processes share one database already.
"""

from __future__ import annotations

import ipaddress
from typing import Final

import sqlalchemy as sa

from hub.parts import HubParts
from hub.store.rows import insert_into
from hub.store.tables import tries

WINDOW_MS: Final = 15 * 60_000
MOST: Final = 60
"""Failed attempts within a window: far more than a bureau behind one address needs, far too few to guess."""


def take_try(parts: HubParts, address: str) -> int:
    """Use up one attempt before it is known how it ends; seconds to wait when there is none left, else 0."""
    now, network = parts.clock(), _network(address)
    window = now - now % WINDOW_MS
    with parts.database.write() as connection:
        connection.execute(sa.delete(tries).where(tries.c.window_ms < window))
        count = connection.execute(
            insert_into(connection, tries)
            .values(address=network, window_ms=window, count=1)
            .on_conflict_do_update(index_elements=["address", "window_ms"], set_={"count": tries.c.count + 1})
            .returning(tries.c.count)
        ).scalar_one()
    return 0 if count <= MOST else -(-(window + WINDOW_MS - now) // 1000)


def give_back(parts: HubParts, address: str) -> None:
    """The attempt was no failure: it does not count."""
    with parts.database.write() as connection:
        connection.execute(sa.update(tries).where(tries.c.address == _network(address)).values(count=tries.c.count - 1))


def _network(address: str) -> str:
    """The address, or of IPv6 the /64 that one subscriber has."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:  # a socket, or what a test says
        return address[:64]
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
