"""The case file on paper: what a clerk has to find is on it, and it says what is missing to make it."""

from __future__ import annotations

import builtins
import hashlib
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hub.accounts.roles import Role
from hub.cases.settings import CaseSettings
from hub.export.casefile import CaseFile, Occasion
from hub.export.paper import PaperError, make_paper, participants, shown_pictures
from hub.export.take_out import gather
from hub.export.wording import Wording
from hub.settings import StoreSettings
from hub.web.words import Translator
from leads import Fact
from leads.settings_file import load_settings
from tests.hub_worlds import CASES, HUB_KEY, HubWorld, make_world
from tests.unit.hub.export_cases import open_case, sealed_lead, with_key


@pytest.fixture(scope="module")
def gathered(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[tuple[HubWorld, CaseFile]]:
    place = tmp_path_factory.mktemp("paper")
    shutil.copy(sqlite_template, place / "hub.db")
    world = with_key(make_world(place, StoreSettings(sqlite=place / "hub.db")), place)
    bureau, number = open_case(world)
    occasion = Occasion(bureau.people[Role.LEGAL], world.clock(), "appeal", False)
    (place / "work").mkdir()
    yield world, gather(world.parts, number, occasion, HUB_KEY, place / "work")
    world.parts.database.close()


@pytest.fixture(scope="module")
def paper(gathered: tuple[HubWorld, CaseFile], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("paper") / "case.pdf"
    make_paper(gathered[0].parts, gathered[1], "zh", path)
    return path


def run(*command: str | Path) -> str:
    return subprocess.run(command, capture_output=True, timeout=30, check=True).stdout.decode()


def test_paper_tells_who_what_where_when_and_how_to_check_it(paper: Path) -> None:
    text = run("pdftotext", "-layout", paper, "-")
    joined = "".join(text.split())
    lead = sealed_lead().lead
    for wanted in (
        "2026-00001",
        "闽H12345",
        lead.act.title,
        lead.act.summary,
        lead.camera.place,
        "39,710千克",
        "30.5–35.5",
        "仅一张画面识读",
        "至多1000ms",
        "确认",
        "画面清楚",
        "轴数→4",
        "陈述申辩、复议或诉讼",
        hashlib.sha256(sealed_lead().contents["clip.mp4"]).hexdigest(),
        lead.evidence.manifest_sha256,
        "opensslpkeyutl-verify-rawin-pubin-inkeyhub.pub-inSHA256SUMS-sigfileSHA256SUMS.sig",
        "签名或盖章",
    ):
        assert "".join(wanted.split()) in joined, wanted


def test_paper_is_pdf_a_3b_on_a4_with_all_data_attached(paper: Path) -> None:
    told = run("pdfinfo", paper)
    assert "(A4)" in told
    meta = run("pdfinfo", "-meta", paper)
    assert re.search(r"pdfaid:part(>|=\")3", meta), meta
    assert re.search(r"pdfaid:conformance(>|=\")B", meta), meta
    assert "case.json" in run("pdfdetach", "-list", paper)


def test_fonts_are_in_the_paper_itself(paper: Path) -> None:
    lines = run("pdffonts", paper).splitlines()[2:]
    assert lines
    assert all("yes" in line for line in lines)
    assert any("CJK" in line for line in lines)


def test_of_a_picture_and_its_annotated_copy_one_is_shown(gathered: tuple[HubWorld, CaseFile]) -> None:
    assert [exhibit.file.name for _, exhibit in shown_pictures(gathered[1])] == ["panorama-1.jpg"]


def test_who_took_steps_that_hold_signs_once(gathered: tuple[HubWorld, CaseFile]) -> None:
    told = participants(gathered[1])
    assert [actions for _, actions in told] == [["confirm"], ["pass_technical"], ["pass_legal"]]


def test_where_pango_is_missing_it_says_what_to_install(
    gathered: tuple[HubWorld, CaseFile], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def without(name: str, *told: Any, **more: Any) -> Any:
        if name == "weasyprint":
            raise OSError("cannot load library 'libpango-1.0-0'")
        return real(name, *told, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(PaperError, match=r"apt-get install libpango-1\.0-0"):
        make_paper(gathered[0].parts, gathered[1], "zh", tmp_path / "case.pdf")


def test_where_no_font_is_chinese_it_says_what_to_install(
    gathered: tuple[HubWorld, CaseFile], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = subprocess.CompletedProcess([], 0, b"", b"")
    monkeypatch.setattr("hub.export.paper.subprocess.run", lambda *_, **__: nothing)
    with pytest.raises(PaperError, match="fonts-noto-cjk"):
        make_paper(gathered[0].parts, gathered[1], "zh", tmp_path / "case.pdf")


def wording(language: str) -> Wording:
    return Wording(Translator(language), ZoneInfo("Asia/Shanghai"), load_settings(CASES, CaseSettings))


@pytest.mark.parametrize(
    ("language", "text", "told"),
    [
        ("zh", "clip in part: ends 1.8 s early (the stream ended)", "视频不完整：结尾缺 1.8 秒（视频流中断）"),
        ("zh", "at least 60%", "至少 60%"),
        ("en", "at least 60%", "at least 60%"),
        ("zh", "something nobody has words for", "something nobody has words for"),
    ],
)
def test_what_a_box_says_is_told_in_the_readers_language(language: str, text: str, told: str) -> None:
    assert wording(language).said("said", text) == told


def test_a_fact_is_told_with_its_interval_and_its_doubt() -> None:
    facts = (
        Fact(name="speed_kmh", value=33.0, unit="km/h", confidence=0.95, shots=4, proof="shot-1.jpg"),
        Fact(name="speed_kmh_low", value=30.5, unit="km/h"),
        Fact(name="speed_kmh_high", value=35.5, unit="km/h"),
        Fact(name="speed_kmh_doubt", value="seen in one shot alone"),
        Fact(name="axle_count", value="unknown"),
    )
    speed, axles = wording("zh").facts(facts)
    assert (speed.value, speed.sure, speed.doubt) == ("33 公里/小时（30.5–35.5）", "95%", "仅一张画面可见")
    assert (axles.name, axles.value) == ("轴数", "不明")


def test_times_are_local() -> None:
    assert wording("zh").time(1_795_406_400_000) == "2026-11-23 12:00:00"
    assert wording("zh").time(None) == "-"
