"""The hub is killed in the middle of an upload: the box goes on from what is held, and all comes whole and once."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import sqlalchemy as sa

from hub.evidence.check import check_entry
from hub.store.tables import audit
from leads.uploads import CHUNK_BYTES, OFFSET_HEADER, sign_request
from tests.hub_worlds import BOX_KEY, ROOT, HubWorld
from tests.unit.hub.sealed import Box, arrive, column, seal

_SERVE = """
import sys
from pathlib import Path
import uvicorn
from hub.settings import StoreSettings
from hub.web.app import create_app
from tests.hub_worlds import make_world
world = make_world(Path(sys.argv[1]), StoreSettings(sqlite=Path(sys.argv[1]) / "hub.db"))
uvicorn.run(create_app(world.parts), port=int(sys.argv[2]), log_level="warning")
"""


@contextmanager
def serving(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-c", _SERVE, str(folder), str(port)], cwd=ROOT)
    try:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield process
    finally:
        process.kill()
        process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_an_upload_goes_on_after_the_hub_was_killed(hub: HubWorld) -> None:
    clip = os.urandom(3 * CHUNK_BYTES + 1)
    sealed = seal(files={"clip.mp4": clip})
    (number,) = arrive(hub, sealed)
    lead_id, port = sealed.lead.lead_id, free_port()
    base = f"http://127.0.0.1:{port}"
    with httpx.Client(base_url=base) as client, serving(hub.folder, port) as process:
        box = Box(hub, client=client)
        assert box.send(lead_id, "clip.mp4", clip[:CHUNK_BYTES]).status_code == 204
        # Half of a piece is on its way when the process is killed.
        target, piece = f"/boxes/v1/files/{lead_id}/clip.mp4", clip[CHUNK_BYTES : 2 * CHUNK_BYTES]
        lines = (
            f"PATCH {target} HTTP/1.1",
            "Host: hub",
            f"Authorization: {sign_request('PATCH', target, piece, box.who, hub.clock(), BOX_KEY)}",
            f"{OFFSET_HEADER}: {CHUNK_BYTES}",
            f"Content-Length: {len(piece)}",
        )
        with socket.create_connection(("127.0.0.1", port)) as half:
            half.sendall("\r\n".join((*lines, "", "")).encode() + piece[: CHUNK_BYTES // 2])
            time.sleep(0.1)
            process.kill()
            process.wait()
    with httpx.Client(base_url=base) as client, serving(hub.folder, port):
        box = Box(hub, client=client)
        at = box.offset(lead_id, "clip.mp4")
        assert at == CHUNK_BYTES
        while at < len(clip):
            answer = box.send(lead_id, "clip.mp4", clip[at : at + CHUNK_BYTES], at)
            at = int(answer.headers[OFFSET_HEADER])
        box.send_all(sealed)
        assert box.wanted(lead_id).held == (lead_id,)
    assert column(hub, number, "evidence") == 2
    assert check_entry(hub.parts, number) == []
    with hub.parts.database.read() as connection:
        found = connection.scalar(sa.select(sa.func.count()).where(audit.c.action == "evidence"))
    assert found == 1
