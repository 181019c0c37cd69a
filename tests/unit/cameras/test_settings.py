"""Addresses, passwords, and what is wrong with them."""

from __future__ import annotations

import io
import logging
import threading
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from cameras import CameraReader, CameraSettings, ErrorKind, StreamError
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
        ({"url": "a.mp4", "user": "lu"}, "not for files"),
        ({"url": "rtsp://10.0.0.1/user=admin&password=secret&channel=1"}, r"write \{password\} in its place"),
        ({"url": "rtsp://10.0.0.1/user=admin_Password=x_channel=1"}, r"write \{password\} in its place"),
        ({"url": "http://10.0.0.1/live?usr=a&pwd=b"}, r"write \{password\} in its place"),
    ],
)
def test_a_wrong_setting_is_refused_with_the_remedy(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        CameraSettings.model_validate({"id": "gate", "url": RTSP} | changes)


PASSWORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"]), min_size=12).map(
    lambda text: "§" + text
)  # A sign that no message holds.


@given(password=PASSWORDS, user=st.sampled_from(["guard", "a@b", "x:y/z"]))
def test_a_password_is_in_the_address_for_connecting_and_nowhere_else(
    tmp_path_factory: pytest.TempPathFactory, password: str, user: str
) -> None:
    file = tmp_path_factory.getbasetemp() / "password"
    file.write_text(password + "\n", encoding="utf-8")
    gate = CameraSettings(id="gate", url=RTSP, user=user, password_file=file)
    connect = gate.connect_url()
    assert connect.startswith("rtsp://")
    assert connect.endswith("@10.0.0.1:554/stream1")
    assert connect.count("@") == 1
    assert redact(f"cannot open {connect}: refused") == f"cannot open {RTSP}: refused"
    for shown in (gate.shown_url, repr(gate), gate.model_dump_json()):
        assert password not in shown


def test_a_password_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = CameraSettings(id="gate", url=RTSP, user="lu", password_env="GATE_PASSWORD")
    with pytest.raises(StreamError, match="GATE_PASSWORD is not set: set this") as caught:
        gate.connect_url()
    assert caught.value.kind is ErrorKind.AUTH
    monkeypatch.setenv("GATE_PASSWORD", "a b")
    assert gate.connect_url() == "rtsp://lu:a%20b@10.0.0.1:554/stream1"


def test_a_camera_that_wants_the_password_in_the_path_gets_it_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATE_PASSWORD", "a&b")
    url = "rtsp://10.0.0.1/user={user}&password={password}&channel=1"
    gate = CameraSettings(id="gate", url=url, user="lu", password_env="GATE_PASSWORD")
    assert gate.connect_url() == "rtsp://10.0.0.1/user=lu&password=a%26b&channel=1"
    assert gate.shown_url == url


def test_a_path_may_hold_words_that_look_like_a_password() -> None:
    assert CameraSettings(id="gate", url="rtsp://10.0.0.1/bypass=1/compass?x=2").url


@pytest.mark.parametrize("content", [b"geheim\n", b"geheim\r\n", b"\xef\xbb\xbfgeheim"])
def test_a_password_file_may_come_from_any_editor(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "password").write_bytes(content)
    gate = CameraSettings(id="gate", url=RTSP, user="lu", password_file=tmp_path / "password")
    assert gate.connect_url() == "rtsp://lu:geheim@10.0.0.1:554/stream1"


def test_a_password_file_in_another_coding_is_a_fault_of_this_camera_alone(tmp_path: Path) -> None:
    (tmp_path / "password").write_bytes("密码".encode("gbk"))
    gate = CameraSettings(id="gate", url=RTSP, user="lu", password_file=tmp_path / "password")
    with pytest.raises(StreamError, match="save the file as UTF-8"):
        gate.connect_url()


@given(password=PASSWORDS)
@settings(max_examples=20)
def test_a_camera_that_cannot_be_reached_tells_no_password(
    tmp_path_factory: pytest.TempPathFactory, password: str
) -> None:
    file = tmp_path_factory.getbasetemp() / "password"
    file.write_text(password, encoding="utf-8")
    log, said = logging.getLogger("cameras"), io.StringIO()
    handler = logging.StreamHandler(said)
    log.addHandler(handler)
    # Nobody listens on the first port.
    gate = CameraSettings(id="gate", url="rtsp://127.0.0.1:1/x", user="lu", password_file=file)
    doorbell = threading.Event()
    reader = CameraReader(gate, doorbell)
    reader.start()
    try:
        while reader.status().last_error is None:
            assert doorbell.wait(10)
            doorbell.clear()
        status = reader.status()
    finally:
        reader.stop()
        log.removeHandler(handler)
    assert "rtsp://127.0.0.1:1/x" in said.getvalue()
    for text in (repr(status), str(status.last_error), said.getvalue()):
        assert password not in text
        assert quote(password, safe="") not in text


def test_a_password_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    gate = CameraSettings(id="gate", url=RTSP, user="lu", password_file=tmp_path / "nothing")
    with pytest.raises(StreamError, match=r"cannot read the camera's password: .*nothing"):
        gate.connect_url()
