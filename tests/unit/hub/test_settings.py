"""The hub's settings: every shipped file loads, and a wrong one names file, key and remedy."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from hub.cases.settings import CaseSettings
from hub.settings import HubSettings
from leads.settings_file import SettingsError, load_settings

CONFIGS = Path(__file__).parents[3] / "configs"
LEAST = {
    "hub_id": "h",
    "store": {"sqlite": "a.db"},
    "evidence": {"folder": "e"},
    "cases": "c.yaml",
    "box_keys": "k",
}


def _write(folder: Path, **changes: object) -> Path:
    path = folder / "hub.yaml"
    settings = {key: value for key, value in {**LEAST, **changes}.items() if value is not None}
    path.write_text(yaml.safe_dump(settings, sort_keys=False, default_flow_style=True, width=1000))
    return path


def test_the_shipped_file_loads_with_paths_beside_it() -> None:
    settings = load_settings(CONFIGS / "hub.yaml", HubSettings)
    assert (settings.hub_id, settings.broker.host, settings.broker.protocol) == ("hub-1", "localhost", "5")
    assert settings.store.sqlite is not None
    assert settings.store.sqlite.resolve() == CONFIGS.parent / "var" / "hub" / "hub.db"
    assert settings.evidence.folder.resolve() == CONFIGS.parent / "var" / "hub" / "evidence"
    assert settings.signing_key is None
    assert load_settings(settings.cases, CaseSettings).case_number


def test_the_shipped_file_loads_with_all_that_it_offers(tmp_path: Path) -> None:
    lines = (CONFIGS / "hub.yaml").read_text(encoding="utf-8").splitlines()
    offered = [line.replace("# ", "", 1) if _is_offer(line) else line for line in lines]
    left_out = ("host: localhost", "port: 1883", "sqlite: ../var/hub/hub.db")
    kept = [line for number, line in enumerate(offered) if line.strip() not in left_out or number > 15]
    path = tmp_path / "hub.yaml"
    path.write_text("\n".join(kept), encoding="utf-8")
    settings = load_settings(path, HubSettings)
    assert settings.broker.tls is not None
    assert settings.broker.tls.cert == Path("/etc/lushao/hub-1.crt")
    assert settings.broker.port == 8883
    assert settings.store.postgres is not None
    assert (settings.store.postgres.sslmode, settings.store.name) == ("verify-full", "lushao on localhost:5432")
    assert settings.evidence.s3 is not None
    assert settings.web.tls is not None
    assert settings.web.public_url == "https://hub.example"
    assert settings.signing_key == tmp_path.resolve() / "../var/hub/hub.key"


def _is_offer(line: str) -> bool:
    """Whether a line is a setting put out of use by a `#`, not a sentence."""
    word = line.strip().removeprefix("# ").strip().partition(":")
    return (
        line.strip().startswith("#") and word[1] == ":" and word[0].isidentifier() and not word[2].endswith((".", ","))
    )


def test_every_path_is_seen_from_the_folder_of_the_file(tmp_path: Path) -> None:
    tls = {"ca": "ca.crt", "cert": "h.crt", "key": "h.key"}
    broker = {"username": "u", "password_file": "p", "tls": tls}
    store = {"postgres": {"password_file": "pg"}}
    path = _write(tmp_path, box_keys="/keys", signing_key="hub.key", broker=broker, store=store)
    settings, here = load_settings(path, HubSettings), tmp_path.resolve()
    assert (settings.box_keys, settings.signing_key, settings.cases) == (
        Path("/keys"),
        here / "hub.key",
        here / "c.yaml",
    )
    assert settings.broker.password_file == here / "p"
    assert settings.store.postgres is not None
    assert settings.store.postgres.password_file == here / "pg"
    assert settings.broker.tls is not None
    assert settings.broker.tls.model_dump() == {"ca": here / "ca.crt", "cert": here / "h.crt", "key": here / "h.key"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"store": None}, "store: is missing: add it"),
        ({"stor": "s"}, "stor: is not a known key"),
        ({"store": {}}, "store: give either `sqlite` or `postgres`"),
        ({"store": {"sqlite": "s", "postgres": {}}}, "store: give either `sqlite` or `postgres`"),
        ({"hub_id": "a b"}, "hub_id: String should match"),
        ({"broker": {"port": 99999}}, r"broker\.port: Input should be less"),
        ({"web": {"timezone": "Asia/Fujian"}}, r"web\.timezone: no time zone of this machine"),
        ({"web": {"timezone": "Asia"}}, r"web\.timezone: no time zone of this machine"),
        ({"broker": {"protocol": "3.1.1"}, "workers": 2}, "the file: several workers need a broker with MQTT 5"),
    ],
)
def test_a_wrong_file_names_itself_and_the_key(tmp_path: Path, changes: dict[str, object], said: str) -> None:
    with pytest.raises(SettingsError, match=rf"hub\.yaml:1: {said}"):
        load_settings(_write(tmp_path, **changes), HubSettings)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hub_id: [", "1: is not YAML"),
        ("- a", " expected keys and values, found list"),
        ("", " expected keys and values, found NoneType"),
    ],
)
def test_a_file_that_is_no_settings_file_is_named(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "hub.yaml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=rf"hub\.yaml:{said}"):
        load_settings(path, HubSettings)


def test_a_missing_file_names_the_sample(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.yaml: no such file; .* copy a sample from configs/"):
        load_settings(tmp_path / "none.yaml", HubSettings)


def test_settings_are_frozen(tmp_path: Path) -> None:
    settings = load_settings(_write(tmp_path), HubSettings)
    with pytest.raises(ValueError, match="frozen"):
        settings.hub_id = "x"  # type: ignore[misc]


def test_the_name_of_a_store_tells_no_secret(tmp_path: Path) -> None:
    (tmp_path / "pg").write_text("s3cret\n")
    settings = load_settings(_write(tmp_path, store={"postgres": {"password_file": "pg"}}), HubSettings)
    assert settings.store.postgres is not None
    assert settings.store.postgres.read_password() == "s3cret"
    assert "s3cret" not in settings.store.name
