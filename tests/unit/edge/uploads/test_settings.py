"""A site says where its evidence goes; who gets it wrong is told the remedy, and a wrong hub gets nothing."""

from __future__ import annotations

import re
import ssl
from pathlib import Path
from typing import Any

import pytest
import yaml

from edge.settings import check_site
from edge.uploads.pace import Pace
from edge.uploads.settings import UploadSettings
from leads.settings_file import SettingsError
from leads.uploads import CHUNK_BYTES
from tests.integration.certificates import Authority
from tests.unit.edge.offices import wait_until
from tests.unit.edge.uploads.conftest import KEY, Post
from tests.unit.edge.uploads.hubs import ScriptedHub, serving
from tests.world import ROOT, write_site, write_video


def problems(tmp_path: Path, uploads: dict[str, Any]) -> list[str]:
    """What `lushao edge check` says of a site with these."""
    site = write_site(tmp_path, write_video(tmp_path / "road.mp4", [], 1), uploads=uploads)
    try:
        check_site(site)
    except SettingsError as error:
        return error.problems
    return []


@pytest.mark.parametrize(
    ("uploads", "told"),
    [
        ({"url": "hub.example.org"}, "uploads: `url` is written like https://hub.example.org:8443"),
        ({"url": "https://hub.example.org/console"}, "with nothing after the port"),
        ({"url": "ftp://hub.example.org"}, "`url` is written like https://"),
        ({"url": "https://hub.example.org:99999"}, "`url` has a port that is none"),
        ({"url": "https://box:hunter2@hub.example.org"}, "`url` must hold no secret"),
        ({"url": "http://hub.example.org", "tls": {}}, "`tls` needs an https `url`"),
        ({"url": "https://hub.example.org", "tls": {"ca": "none.pem"}}, "uploads.tls: cannot use the authority's"),
        ({"url": "https://hub.example.org", "clip_hours": ["22"]}, "hours are written HH:MM-HH:MM"),
        ({"url": "https://hub.example.org", "chunk_bytes": CHUNK_BYTES + 1}, "uploads.chunk_bytes: "),
        ({"url": "https://hub.example.org", "most_bytes_per_s": 0}, "uploads.most_bytes_per_s: "),
    ],
)
def test_wrong_settings_name_the_key_and_the_remedy(tmp_path: Path, uploads: dict[str, Any], told: str) -> None:
    (problem,) = problems(tmp_path, uploads)
    assert told in problem
    assert "hunter2" not in problem


def test_right_settings_are_in_order(tmp_path: Path) -> None:
    ca = Authority(tmp_path / "ca").ca
    uploads = {"url": "https://hub.example.org:8443/", "tls": {"ca": str(ca)}, "clip_hours": ["22:00-06:00"]}
    assert problems(tmp_path, uploads) == []


def test_the_example_in_the_shipped_site_is_in_order() -> None:
    text = (ROOT / "configs/sites/checkpoint.yaml").read_text(encoding="utf8")
    block = re.search(r"^# uploads:\n(?:#   .*\n)+", text, re.MULTILINE)
    assert block is not None
    told = yaml.safe_load(re.sub(r"^# ", "", block[0], flags=re.MULTILINE))
    assert UploadSettings.model_validate(told["uploads"]).url.startswith("https://")


def test_evidence_goes_over_tls_to_a_hub_that_the_authority_signed_and_to_no_other(post: Post, tmp_path: Path) -> None:
    authority, stranger = Authority(tmp_path / "tls"), Authority(tmp_path / "tls", "stranger")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.broker())
    post.hub = ScriptedHub((KEY.public_key(),))
    with serving(post.hub, context):
        post.want("clip.mp4", bytes(100_000))
        doubtful = post.start(tls={"ca": str(stranger.ca)})
        wait_until(lambda: doubtful.tally.failures["broken"] >= 1)
        doubtful.stop()
        assert post.hub.requests == []
        trusting = post.start(tls={"ca": str(authority.ca)})
        wait_until(lambda: not post.hub.still_wanted())
        trusting.stop()


class Hand:
    """A clock moved by hand, in seconds."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_pieces_grow_with_the_link_and_shrink_with_it() -> None:
    pace = Pace(None, 500_000, Hand())
    assert pace.piece_bytes() == 4096
    pace.sent(4096, 0.1)
    assert pace.piece_bytes() == 40_960
    pace.sent(40_960, 0.05)
    assert pace.piece_bytes() == 500_000
    pace.sent(300, 0.3)
    assert pace.piece_bytes() == 500_000, "a few bytes take their time for the way alone"
    pace.sent(500_000, 25)
    assert pace.piece_bytes() == 20_000
    pace.broke()
    assert pace.piece_bytes() == 4096
    assert pace.wait_s() == 0.0


def test_with_a_limit_what_goes_fast_is_followed_by_a_pause() -> None:
    hand = Hand()
    pace = Pace(10_000, 500_000, hand)
    hand.now = 0.5
    pace.sent(20_000, 0.5)
    assert pace.wait_s() == pytest.approx(1.5)
    assert pace.piece_bytes() == 10_000
    hand.now = 2.5
    assert pace.wait_s() == 0.0
    hand.now = 10.0
    pace.sent(5_000, 1.0)
    assert pace.wait_s() == 0.0, "slower than the limit: no pause"
