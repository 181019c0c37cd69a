"""How a broker is reached: settings that cannot be meant are refused, and waits grow."""

from __future__ import annotations

import random
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from leads.broker import BrokerError, BrokerSettings, TlsSettings
from leads.faults import explain, explain_silence


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"port": 0}, "port"),
        ({"protocol": "3.1"}, "protocol"),
        ({"tls": {"cert": "a.crt"}}, "both or neither"),
        ({"username": "u", "password_file": "p", "password_env": "P"}, "not by both"),
        ({"password_env": "P"}, "username"),
        ({"backoff_min_s": 5, "backoff_max_s": 1}, "backoff_max_s"),
        ({"receipt_timeout_s": 5, "receipt_timeout_max_s": 1}, "receipt_timeout_max_s"),
        ({"pasword": "x"}, "pasword"),
        ({"client_id": "a b"}, "client_id"),
    ],
)
def test_settings_that_cannot_be_meant(wrong: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        BrokerSettings.model_validate(wrong)


def test_waits_double_from_one_second_to_a_minute_with_chance_in_them() -> None:
    settings, chance = BrokerSettings(), random.Random(1)
    for failures in range(1, 2000):
        longest = min(60, 2**failures)
        waits = [settings.wait_s(failures, chance) for _ in range(5)]
        assert all(max(1.0, longest / 2) <= wait <= longest for wait in waits)
        assert len(set(waits)) == 5


def test_a_password_comes_from_the_first_line_of_its_file(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("s3cret\nmore\n")
    assert BrokerSettings(username="u", password_file=file).password() == "s3cret"
    file.write_text("\n")
    with pytest.raises(BrokerError, match="empty"):
        BrokerSettings(username="u", password_file=file).password()
    with pytest.raises(BrokerError, match="No such file"):
        BrokerSettings(username="u", password_file=tmp_path / "none").password()


def test_a_password_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = BrokerSettings(username="u", password_env="LUSHAO_TEST_PASSWORD")
    with pytest.raises(BrokerError, match="LUSHAO_TEST_PASSWORD"):
        settings.password()
    monkeypatch.setenv("LUSHAO_TEST_PASSWORD", "s3cret")
    assert settings.password() == "s3cret"


def test_a_certificate_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    with pytest.raises(BrokerError, match=r"ca\.crt"):
        TlsSettings(ca=tmp_path / "ca.crt").context()
    (tmp_path / "box.crt").write_text("no certificate")
    with pytest.raises(BrokerError, match=r"box\.crt with key .*box\.key"):
        TlsSettings(cert=tmp_path / "box.crt", key=tmp_path / "box.key").context()


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (ConnectionRefusedError(111, "Connection refused"), "start the broker"),
        (TimeoutError("timed out"), "no answer within 10 s"),
        (socket.gaierror(-2, "Name or service not known"), "check `host`"),
        (ConnectionResetError(104, "Connection reset by peer"), "hangs up"),
        (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER]"), "port for TLS"),
        (BrokerError("the password file is empty"), "the password file is empty"),
        (OSError(101, "Network is unreachable"), "Network is unreachable"),
    ],
)
def test_every_failure_to_connect_names_a_remedy(error: OSError | ValueError, remedy: str) -> None:
    assert remedy in explain(error, BrokerSettings())


def test_a_broker_that_does_not_answer_is_asked_about_its_certificates_only_with_tls() -> None:
    plain, tls = BrokerSettings(), BrokerSettings(tls=TlsSettings(), protocol="3.1.1", port=8883)
    assert explain_silence(plain, hung_up=False) == (
        "no answer within 10 s: is 1883 its port without TLS, and does it take MQTT 5?"
    )
    assert explain_silence(tls, hung_up=True) == (
        "the broker hangs up without an answer: is 8883 its port for TLS, "
        "and does it take this certificate and MQTT 3.1.1?"
    )
