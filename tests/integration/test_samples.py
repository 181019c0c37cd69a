"""The sample clips through the whole box but for the wire: what is broken in truth is found, of whom, and no more."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from detector.network import Network
from detector.passage import Passage
from edge.replay import Replay, replay_knowledge, replay_source, watch_settings
from edge.rules import Finding, load_book
from edge.second_look import SecondLookDesk, load_second_look
from edge.settings import SiteCamera, load_site
from scripts.scenes.truth import read_truth
from tests.accuracy.measuring import identity_of

ROOT = Path(__file__).resolve().parents[2]
SITE = load_site(ROOT / "configs/sites/samples.yaml")
BOOK = load_book(SITE.rules)


@pytest.mark.parametrize("camera", SITE.cameras, ids=lambda camera: camera.source.id)
def test_all_that_is_broken_in_truth_is_found_and_nothing_else(camera: SiteCamera, tmp_path: Path) -> None:
    clip = Path(camera.source.url)
    truth = read_truth(clip.with_suffix(".truth.json"))
    passages: dict[str, Passage] = {}
    findings: list[tuple[Finding, str]] = []
    source = replay_source(clip, camera)
    assert SITE.second_look is not None
    look = load_second_look(SITE.second_look, [source], SITE.zone_info).look
    replay = Replay(
        source,
        Network.load(SITE.detector),
        watch_settings(SITE, camera),
        BOOK,
        lambda passage: passages.update({passage.id: passage}),
        lambda finding, passage: findings.append((finding, passage.id)),
        SecondLookDesk(look),
        replay_knowledge(SITE, tmp_path),
    )
    replay.run(threading.Event())
    found = [(finding.rule.id, identity_of(passages[passage], truth)) for finding, passage in findings]
    assert sorted(found) == sorted((violation.rule, violation.vehicle) for violation in truth.violations)
    assert all(all(check.met for check in finding.checks) for finding, _ in findings)
