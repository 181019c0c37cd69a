"""Every shipped file loads, and whoever gets one wrong is told the file, the line, the key and the remedy."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from edge.rules import load_book
from edge.rules.commands import numbers_of
from edge.settings import SiteSettings, check_site, load_site
from leads.settings_file import SettingsError, load_settings
from tests.world import ROOT, write_site, write_video

SITES = sorted((ROOT / "configs/sites").glob("*.yaml"))
TABLES = sorted(p for p in (ROOT / "configs/rules").glob("*.yaml") if p.name != "classes.yaml")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site that is in order."""
    return write_site(tmp_path, write_video(tmp_path / "road.mp4", [], 1))


@pytest.mark.parametrize("path", SITES, ids=lambda p: p.stem)
def test_every_shipped_site_loads_with_its_paths_made_absolute(path: Path) -> None:
    site = load_site(path)
    files = [site.rules, site.outbox, site.keys.box, site.evidence.folder, site.detector.model]
    assert all(f.is_absolute() for f in files)
    assert load_book(site.rules).rules
    for camera in site.cameras:
        assert camera.source.is_network or Path(camera.source.url).is_absolute()


@pytest.mark.parametrize("path", TABLES, ids=lambda p: p.stem)
def test_every_shipped_table_of_rules_loads_and_says_where_its_numbers_come_from(path: Path) -> None:
    book = load_book(path)
    assert re.fullmatch(r"[0-9a-f]{64}", book.sha256)
    for rule in book.rules:
        assert rule.legal_basis
        assert rule.title.zh
        assert rule.title.en
        numbers = dict(numbers_of(rule))
        assert f"{rule.id}.v{rule.version}.same_act_within" in numbers
        assert all(number.source and number.unit for number in numbers.values())


def test_there_are_shipped_sites_and_tables() -> None:
    assert {p.stem for p in SITES} >= {"checkpoint", "samples"}
    assert {p.stem for p in TABLES} >= {"road"}


def test_a_site_in_order_has_no_problems(site: Path) -> None:
    loaded, table = check_site(site)
    assert loaded.zone_info.key == "Asia/Shanghai"
    assert {r.id for r in table.rules} >= {"TR-01", "TR-02", "TR-03"}


def problems(path: Path) -> list[str]:
    with pytest.raises(SettingsError) as error:
        check_site(path)
    assert str(error.value) == "\n".join(error.value.problems)
    return error.value.problems


def replaced(site: Path, old: str, new: str) -> Path:
    """The site with a piece of its text replaced."""
    text = site.read_text(encoding="utf8")
    assert text.count(old) == 1
    site.write_text(text.replace(old, new), encoding="utf8")
    return site


def line_of(path: Path, piece: str) -> int:
    return next(n for n, line in enumerate(path.read_text(encoding="utf8").splitlines(), 1) if piece in line)


@pytest.mark.parametrize(
    ("old", "new", "key", "remedy"),
    [
        (
            "post_s: 1",
            "post_seconds: 1",
            "evidence.post_seconds",
            "is not a known key: remove it or check its spelling",
        ),
        ("pre_s: 2", "pre_s: soon", "evidence.pre_s", "should be a valid number, unable to parse"),
        ("pre_s: 2", "pre_s: -2", "evidence.pre_s", "greater than or equal to 0 (found -2)"),
        ("id: gate", "id: Gate 1", "cameras.0.source.id", "(found 'Gate 1')"),
        ("id: lower-lane", "id: Lower Lane", "cameras.0.plan.zones.0.id", "(found 'Lower Lane')"),
        ("purpose: closed", "purpose: shut", "cameras.0.plan.zones.0.purpose", "'closed', 'no_stop', 'lane'"),
        ("id: lower-lane", "id: a-lane\n      direction: [[0, 0], [0, 0]]", "cameras.0.plan.zones.0", "has no length"),
        ("port: 1", "port: 70000", "broker.port", "less than or equal to 65535 (found 70000)"),
        ("box: box-1", "box: box/1", "box", "(found 'box/1')"),
        ("site: test", "timezone: Mars/Olympus\nsite: test", "timezone", "use a name such as Asia/Shanghai"),
        ("mode: replay", "mode: watch", "cameras.0.source.mode", "'live' or 'replay'"),
        ("started_at: '2026-03-01T00:00:00Z'", "started_at: '2026-03-01'", "cameras.0.source.started_at", "its zone"),
    ],
)
def test_a_wrong_setting_names_file_line_key_and_remedy(site: Path, old: str, new: str, key: str, remedy: str) -> None:
    replaced(site, old, new)
    (problem,) = problems(site)
    place, told_key, told = problem.split(": ", 2)
    path, _, line = place.rpartition(":")
    assert (path, told_key) == (str(site), key)
    assert remedy in told
    assert new.split("\n")[0].split(":")[0] in site.read_text(encoding="utf8").splitlines()[int(line) - 1]


def test_a_missing_key_is_named(site: Path) -> None:
    replaced(site, "outbox: outbox.db\n", "")
    assert problems(site) == [f"{site}:1: outbox: is missing: add it"]


def test_every_problem_is_told_at_once(site: Path) -> None:
    replaced(site, "box: box-1", "box: box/1")
    replaced(site, "pre_s: 2", "pre_s: -2")
    assert len(problems(site)) == 2


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    gone = tmp_path / "site.yaml"
    assert problems(gone) == [f"{gone}: no such file; check the name, or copy a sample from configs/"]


@pytest.mark.parametrize(
    ("old", "key", "remedy"),
    [
        ("keys/box-1.key", "keys.box", "make it with: lushao edge keys"),
        ("blocks.onnx", "detector.model", "put the network there"),
        ("road.mp4", "cameras.0.source.url", "check the name"),
    ],
)
def test_what_a_site_points_to_has_to_be_there(site: Path, old: str, key: str, remedy: str) -> None:
    replaced(site, old, f"not-{old.rpartition('/')[2]}")
    (problem,) = problems(site)
    assert problem.startswith(f"{site}: {key}: no file")
    assert "not-" in problem
    assert remedy in problem


def test_a_table_of_rules_that_is_not_there_is_named(site: Path) -> None:
    replaced(site, "configs/rules/road.yaml", "configs/rules/none.yaml")
    assert problems(site) == [
        f"{site}: rules: {ROOT}/configs/rules/none.yaml: no such file; check the name, or copy a sample from configs/"
    ]


def test_what_a_site_points_to_is_tried(site: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.key"
    broken.write_text("no key")
    broken.chmod(0o600)
    settings = yaml.safe_load(site.read_text())
    settings["keys"] = {"box": str(broken), "hub": str(broken)}
    settings["broker"] |= {"tls": {"ca": str(broken)}}
    settings["evidence"]["folder"] = str(broken / "evidence")
    site.write_text(yaml.safe_dump(settings))
    keys = [problem.removeprefix(f"{site}: ").split(":")[0] for problem in problems(site)]
    assert keys == ["keys.box", "keys.hub", "broker.tls", "evidence.folder"]


def test_secrets_that_are_not_there_are_named(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LUSHAO_TEST_PASSWORD", raising=False)
    text = yaml.safe_load(site.read_text(encoding="utf8"))
    camera = {"url": "rtsp://10.0.0.1/live", "mode": "live", "user": "viewer", "password_env": "LUSHAO_TEST_PASSWORD"}
    text["cameras"][0]["source"] |= camera
    site.write_text(yaml.safe_dump(text), encoding="utf8")
    (problem,) = problems(site)
    assert problem.startswith(f"{site}: cameras.0.source.password_env: LUSHAO_TEST_PASSWORD is not set; set it")
    replaced(site, "password_env: LUSHAO_TEST_PASSWORD", "password_file: camera.password")
    (problem,) = problems(site)
    assert problem.startswith(f"{site}: cameras.0.source.password_file: no file {site.parent / 'camera.password'}")


@pytest.mark.parametrize("password", ["hunter2", "hunt/er2", "hu@nter2", "hunter2#"])
def test_a_password_in_an_address_is_refused_and_never_shown(site: Path, password: str) -> None:
    text = yaml.safe_load(site.read_text(encoding="utf8"))
    text["cameras"][0]["source"] |= {"url": f"rtsp://viewer:{password}@10.0.0.1/live", "mode": "live"}
    site.write_text(yaml.safe_dump(text), encoding="utf8")
    (problem,) = problems(site)
    assert "user and password do not belong in the address" in problem
    assert f"{site}:{line_of(site, 'rtsp://')}: cameras.0.source.url" in problem
    assert not {"viewer", "hunt", "er2"} & set(re.split(r"\W+", problem))


@pytest.mark.parametrize(
    "broken", ["url: 'rtsp://viewer:hunter2@10.0.0.1/live", "url: rtsp://viewer: hunter2: @10.0.0.1/"]
)
def test_a_slip_in_yaml_names_the_line_and_does_not_quote_it(site: Path, broken: str) -> None:
    replaced(site, f"url: {site.parent}/road.mp4", broken)
    (problem,) = problems(site)
    assert re.match(
        rf"{re.escape(str(site))}:\d+: is not YAML: .*; check indents, colons and quotes near column", problem
    )
    assert "hunter2" not in problem


@pytest.mark.parametrize(("text", "told"), [("", "NoneType"), ("- a\n- b\n", "list"), ("just words", "str")])
def test_a_file_of_something_else_is_named(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(text)
    assert problems(path) == [f"{path}: expected keys and values, found {told}"]


def test_bytes_that_are_no_text_are_named(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_bytes(b"site: \xff\xfe")
    assert problems(path)[0].startswith(f"{path}: cannot be read: ")


def test_a_key_that_stands_twice_is_named_with_both_lines(site: Path) -> None:
    first = line_of(site, "pre_s: 2")
    replaced(site, "pre_s: 2", "pre_s: 2\n  pre_s: 3")
    assert problems(site) == [f"{site}:{first + 1}: pre_s: stands twice, first in line {first}: remove one"]


def test_a_ring_too_short_for_the_evidence_says_both_numbers(site: Path) -> None:
    replaced(site, "id: gate", "id: gate\n    ring_seconds: 13")
    (problem,) = problems(site)
    assert "camera gate keeps 13 s of packets, but evidence wants 14 s" in problem
    assert "raise ring_seconds or shorten the evidence" in problem


def test_two_cameras_of_one_name_are_refused(site: Path) -> None:
    tree = yaml.safe_load(site.read_text(encoding="utf8"))
    tree["cameras"] *= 2
    site.write_text(yaml.safe_dump(tree), encoding="utf8")
    assert "cameras need different ids; used twice: gate" in problems(site)[0]


@pytest.mark.parametrize("zone", ["nowhere", "lower-lane"])
def test_a_rule_for_a_zone_that_no_camera_has_is_named(site: Path, zone: str) -> None:
    table = yaml.safe_load((ROOT / "configs/rules/road.yaml").read_text(encoding="utf8"))
    table["rules"][1]["zones"] = [zone]
    rules = site.parent / "rules.yaml"
    shutil.copy(ROOT / "configs/rules/classes.yaml", site.parent)
    rules.write_text(yaml.safe_dump(table), encoding="utf8")
    replaced(site, str(ROOT / "configs/rules/road.yaml"), "rules.yaml")
    (problem,) = problems(site)
    assert (
        f"{site}: rules: rules.yaml: TR-02 names zone '{zone}', but no camera has a no_stop zone of that name"
        in problem
    )


def mappings(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Ways to every place of a tree that has keys."""
    if isinstance(value, dict):
        yield path
        for key, below in value.items():
            yield from mappings(below, (*path, key))
    elif isinstance(value, list):
        for index, below in enumerate(value):
            yield from mappings(below, (*path, index))


SHIPPED = {path: yaml.safe_load(path.read_text(encoding="utf8")) for path in SITES + TABLES}
PLACES = [(path, place) for path, tree in SHIPPED.items() for place in mappings(tree)]


@given(st.sampled_from(PLACES), st.from_regex(r"\Axx_[a-z]{0,12}\Z"), st.none() | st.integers() | st.text("ab"))
def test_an_unknown_key_anywhere_is_refused_by_name(
    tmp_path_factory: pytest.TempPathFactory, place: tuple[Path, tuple[str | int, ...]], key: str, value: object
) -> None:
    source, way = place
    # Aliases of YAML are one object: as JSON each place stands for itself.
    node = tree = json.loads(json.dumps(SHIPPED[source], default=str))
    for step in way:
        node = node[step]
    node[key] = value
    path = tmp_path_factory.getbasetemp() / f"unknown-{source.name}"
    shutil.copy(ROOT / "configs/rules/classes.yaml", path.parent)
    path.write_text(json.dumps(tree, indent=1, default=str), encoding="utf8")
    with pytest.raises(SettingsError) as error:
        load_site(path) if source in SITES else load_book(path)
    (problem,) = error.value.problems
    line = line_of(path, json.dumps(key))
    assert problem.startswith(f"{path}:{line}: ")
    assert key in problem.split(": ")[1].split(".")


def test_a_union_member_does_not_show_in_the_key(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(
        (ROOT / "configs/sites/checkpoint.yaml").read_text(encoding="utf8").replace("host: mqtt", "hots: mqtt")
    )
    with pytest.raises(SettingsError) as error:
        load_settings(path, SiteSettings)
    assert [p.split(": ", 1)[1] for p in error.value.problems] == [
        "broker.hots: is not a known key: remove it or check its spelling"
    ]


def test_a_register_that_is_not_there_is_named_before_the_box_starts(tmp_path: Path) -> None:
    registries = [
        {"kind": "file", "path": str(tmp_path / "permits.registry")},
        {"kind": "file", "path": str(tmp_path / "new.registry"), "csv": str(tmp_path / "vehicles.csv")},
        {"kind": "http", "name": "省运政", "url": "https://a.example", "token_file": str(tmp_path / "token")},
    ]
    site = write_site(tmp_path, write_video(tmp_path / "road.mp4", [], 1), registries=registries)
    with pytest.raises(SettingsError) as wrong:
        check_site(site)
    keys = [f"registries.{key}: no " for key in ("0.path", "1.csv", "2.token_file")]
    assert all(key in problem for key, problem in zip(keys, wrong.value.problems, strict=True))
