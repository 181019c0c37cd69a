"""Several registers as one: in which order they are asked, and what their silence together means."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict

from edge.registry.chain import Chained, open_registries
from edge.registry.entries import Lookup
from edge.registry.protocol import Registry
from edge.registry.settings import RegistrySettings
from edge.registry.store import Declared
from leads.settings_file import SettingsError, load_settings
from tests.unit.edge.registry.csvs import AS_OF, HEADER, TRUCK, make, opened, write
from tests.unit.edge.registry.servers import TRUCK as ON_SERVER
from tests.unit.edge.registry.servers import serving


class Site(BaseModel):
    """As a site's settings hold the registers."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    registries: tuple[RegistrySettings, ...] = ()


def register(folder: Path, row: str, *complete_for: Declared, days_later: float = 1) -> Registry:
    folder.mkdir()
    return opened(make(folder, [row], complete_for=complete_for), days_later=days_later)


def dead(folder: Path) -> Registry:
    """Answers that it cannot be reached."""
    source = "registries: [{kind: http, name: 省运政, url: 'http://127.0.0.1:1', timeout_s: 1}]"
    (folder / "dead.yaml").write_text(source, encoding="utf-8")
    return open_registries(load_settings(folder / "dead.yaml", Site).registries)


def test_the_first_register_with_an_entry_answers(tmp_path: Path) -> None:
    first = register(tmp_path / "a", "闽H99999,01,F,2,,,,")
    second = register(tmp_path / "b", TRUCK)
    third = register(tmp_path / "c", "闽H12345,01,F,6,,,,")
    entry = Chained([first, second, third]).vehicle("闽H12345", "01").entry
    assert entry is not None
    assert entry.axles == 4


def test_registers_that_have_no_entry_are_complete_for_what_any_of_them_is(tmp_path: Path) -> None:
    goods = register(tmp_path / "a", TRUCK, "goods")
    coaches = register(tmp_path / "b", TRUCK, "passenger")
    answer = Chained([goods, dead(tmp_path), coaches]).vehicle("闽H99999", "01")
    assert (answer.answered, answer.complete_for) == ("absent", frozenset({"goods", "passenger"}))
    assert answer.source == "延平运管, 延平运管"


def test_a_register_that_is_too_old_adds_nothing(tmp_path: Path) -> None:
    old = register(tmp_path / "a", TRUCK, "goods", days_later=99)
    new = register(tmp_path / "b", TRUCK, "passenger")
    both = Chained([old, new]).vehicle("闽H99999", "01")
    assert (both.stale, both.complete_for) == (False, frozenset({"passenger"}))
    assert Chained([old]).vehicle("闽H99999", "01").stale


def test_registers_that_cannot_be_reached_say_nothing(tmp_path: Path) -> None:
    answer = Chained([dead(tmp_path)]).vehicle("闽H12345", "01")
    assert answer == Lookup("unreachable", source="省运政")


def test_without_registers_nobody_is_asked() -> None:
    registry = open_registries([])
    assert registry.vehicle("闽H12345", "01").answered == "not_asked"
    assert registry.waybill("闽H12345", "01", AS_OF).answered == "not_asked"


@pytest.mark.parametrize(("plate", "plate_type"), [("闽H1-345", "01"), ("闽H12345", "unknown")])
def test_a_number_that_was_not_read_in_full_is_not_looked_up(tmp_path: Path, plate: str, plate_type: str) -> None:
    registry = Chained([register(tmp_path / "a", TRUCK, "goods")])
    assert registry.vehicle(plate, plate_type).answered == "not_asked"
    assert registry.waybill(plate, plate_type, AS_OF).answered == "not_asked"


def test_a_site_names_its_registers_in_order(tmp_path: Path) -> None:
    make(tmp_path)
    with serving() as server:
        server.says(ON_SERVER | {"plate": "闽H99999"})
        site = tmp_path / "site.yaml"
        http = f"{{kind: http, name: 省运政, url: '{server.url}', complete_for: [goods, waybills]}}"
        site.write_text(f"registries: [{{kind: file, path: test.registry}}, {http}]\n", encoding="utf-8")
        registry = open_registries(load_settings(site, Site).registries, lambda: AS_OF + timedelta(days=1))
        assert registry.vehicle("闽H12345", "01").source == "延平运管"
        assert registry.vehicle("闽H99999", "01").source == "省运政"
        assert len(server.asked) == 1
        registry.close()


def test_every_register_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    site = tmp_path / "site.yaml"
    site.write_text(
        "registries:\n- {kind: file, path: none.registry}\n"
        "- {kind: http, name: 省运政, url: 'http://127.0.0.1:1', token_file: token}\n",
        encoding="utf-8",
    )
    with pytest.raises(SettingsError) as caught:
        open_registries(load_settings(site, Site).registries)
    first, second = caught.value.problems
    assert first == (f"registries.0: no register {tmp_path}/none.registry: make it with `lushao edge registry import`")
    assert second.startswith(f"registries.1: the token file {tmp_path}/token cannot be read")


def test_a_register_of_an_unknown_kind_names_the_known_ones(tmp_path: Path) -> None:
    site = tmp_path / "site.yaml"
    site.write_text("registries: [{kind: oracle}]\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="'file', 'http'"):
        load_settings(site, Site)


def drop_in(folder: Path) -> Registry:
    """A register that is made of the table beside it."""
    (folder / "site.yaml").write_text("registries: [{kind: file, path: made.registry, csv: table.csv}]", "utf-8")
    return open_registries(load_settings(folder / "site.yaml", Site).registries)


def test_a_table_dropped_in_is_imported_when_it_is_newer(tmp_path: Path) -> None:
    write(tmp_path / "table.csv", HEADER, TRUCK)
    assert drop_in(tmp_path).vehicle("闽H12345", "01").answered == "found"
    assert drop_in(tmp_path).vehicle("闽H54321", "01").answered == "absent"
    os.utime(write(tmp_path / "table.csv", HEADER, TRUCK, TRUCK.replace("闽H12345", "闽H54321")), (2e9, 2e9))
    assert drop_in(tmp_path).vehicle("闽H54321", "01").answered == "found"


def test_a_bad_table_leaves_the_register_as_it_was(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(tmp_path / "table.csv", HEADER, TRUCK)
    drop_in(tmp_path)
    os.utime(write(tmp_path / "table.csv", HEADER, "闽H1,01,F"), (2e9, 2e9))
    assert drop_in(tmp_path).vehicle("闽H12345", "01").answered == "found"
    assert "the register goes on as it was" in caplog.text


def test_without_a_register_a_bad_table_is_said(tmp_path: Path) -> None:
    write(tmp_path / "table.csv", HEADER, "闽H1,01,F")
    with pytest.raises(SettingsError, match=r"registries\.0: .*table\.csv"):
        drop_in(tmp_path)
