"""Addresses, passwords, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cameras import CameraSettings, ErrorKind, StreamError
from cameras.settings import redact

RTSP = "rtsp://10.0.0.1:554/stream1"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"url": "rtsp://admin:secret@10.0.0.1/x"}, "do not belong in the address"),
        ({"url": "rtsp://admin@10.0.0.1/x"}, "do not belong in the address"),
        ({"url": "ftp://10.0.0.1/x"}, "unknown kind of address ftp://"),
        ({"url": ""}, "no address"),
        ({"mode": "replay"}, "mode replay is for files"),
        ({"password_env": "X"}, "a password needs a user"),
        ({"user": "a", "password_env": "X", "password_file": "f"}, "not both"),
        ({"url": "a.mp4", "started_at": "2026-03-01T08:00:00"}, "needs its zone"),
        ({"id": "No Good"}, "pattern"),
        ({"stall_timeout_s": 0}, "greater than 0"),
        ({"passwort": "x"}, "Extra inputs"),
    ],
)
def test_a_wrong_setting_is_refused_with_the_remedy(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        CameraSettings.model_validate({"id": "gate", "url": RTSP} | changes)


PASSWORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"]), min_size=12)


@given(password=PASSWORDS, user=st.sampled_from(["guard", "a@b", "x:y/z"]))
def test_a_password_is_in_the_address_for_connecting_and_nowhere_else(
    tmp_path_factory: pytest.TempPathFactory, password: str, user: str
) -> None:
    file = tmp_path_factory.getbasetemp() / "password"
    file.write_text(password + "\n", encoding="utf-8")
    settings = CameraSettings(id="gate", url=RTSP, user=user, password_file=file)
    connect = settings.connect_url()
    assert connect.startswith("rtsp://")
    assert connect.endswith("@10.0.0.1:554/stream1")
    assert connect.count("@") == 1
    assert redact(f"cannot open {connect}: refused") == f"cannot open {RTSP}: refused"
    for shown in (settings.shown_url, repr(settings), settings.model_dump_json()):
        assert password not in shown


def test_a_password_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = CameraSettings(id="gate", url=RTSP, user="lu", password_env="GATE_PASSWORD")
    with pytest.raises(StreamError, match="set GATE_PASSWORD") as caught:
        settings.connect_url()
    assert caught.value.kind is ErrorKind.AUTH
    monkeypatch.setenv("GATE_PASSWORD", "a b")
    assert settings.connect_url() == "rtsp://lu:a%20b@10.0.0.1:554/stream1"


def test_a_password_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    settings = CameraSettings(id="gate", url=RTSP, user="lu", password_file=tmp_path / "nothing")
    with pytest.raises(StreamError, match=r"cannot read the camera's password: .*nothing"):
        settings.connect_url()
