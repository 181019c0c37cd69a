"""The hub's settings: every shipped file loads, and a wrong one names file, key and remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.settings import HubSettings
from leads.settings_file import SettingsError, load_settings

CONFIGS = Path(__file__).parents[3] / "configs"
OFFERED = ("host:", "port:", "tls:", "ca:", "cert:", "key:", "signing_key:")


def test_the_shipped_file_loads_with_paths_beside_it() -> None:
    settings = load_settings(CONFIGS / "hub.yaml", HubSettings)
    assert (settings.hub_id, settings.broker.host, settings.broker.protocol) == ("hub-1", "localhost", "5")
    assert settings.store.resolve() == CONFIGS.parent / "var" / "hub" / "leads.db"
    assert settings.signing_key is None


def test_the_shipped_file_loads_with_all_that_it_offers(tmp_path: Path) -> None:
    lines = (CONFIGS / "hub.yaml").read_text(encoding="utf-8").splitlines()
    offered = [line.replace("# ", "", 1) if line.lstrip(" #").startswith(OFFERED) else line for line in lines]
    kept = [line for line in offered if line.strip() not in ("host: localhost", "port: 1883")]
    path = tmp_path / "hub.yaml"
    path.write_text("\n".join(kept), encoding="utf-8")
    settings = load_settings(path, HubSettings)
    assert settings.broker.tls is not None
    assert settings.broker.tls.cert == Path("/etc/lushao/hub-1.crt")
    assert settings.broker.port == 8883
    assert settings.signing_key == tmp_path.resolve() / "../var/hub/hub.key"


def test_every_path_is_seen_from_the_folder_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "hub.yaml"
    path.write_text(
        "{hub_id: h, store: a.db, box_keys: /keys, signing_key: hub.key, "
        "broker: {username: u, password_file: p, tls: {ca: ca.crt, cert: h.crt, key: h.key}}}"
    )
    settings, here = load_settings(path, HubSettings), tmp_path.resolve()
    assert (settings.store, settings.box_keys, settings.signing_key) == (here / "a.db", Path("/keys"), here / "hub.key")
    assert settings.broker.password_file == here / "p"
    assert settings.broker.tls is not None
    assert settings.broker.tls.model_dump() == {"ca": here / "ca.crt", "cert": here / "h.crt", "key": here / "h.key"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hub_id: [", "1: is not YAML"),
        ("- a", " expected keys and values, found list"),
        ("", " expected keys and values, found NoneType"),
        ("{hub_id: h, box_keys: k}", "1: store: is missing: add it"),
        ("{hub_id: h, store: s, box_keys: k, stor: s}", "1: stor: is not a known key"),
        ("{hub_id: a b, store: s, box_keys: k}", "1: hub_id: String should match"),
        ("{hub_id: h, store: s, box_keys: k, broker: {port: 99999}}", r"1: broker\.port: Input should be less"),
    ],
)
def test_a_wrong_file_names_itself_and_the_key(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "hub.yaml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=rf"hub\.yaml:{said}"):
        load_settings(path, HubSettings)


def test_a_missing_file_names_the_sample(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.yaml: no such file; .* copy a sample from configs/"):
        load_settings(tmp_path / "none.yaml", HubSettings)


def test_settings_are_frozen() -> None:
    settings = HubSettings(hub_id="h", store=Path("s"), box_keys=Path("k"))
    with pytest.raises(ValueError, match="frozen"):
        settings.hub_id = "x"  # type: ignore[misc]
