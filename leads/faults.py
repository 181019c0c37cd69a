"""Why a broker could not be reached, in words that name the remedy."""

from __future__ import annotations

import socket
import ssl

from leads.broker import BrokerError, BrokerSettings


def explain(error: OSError | ValueError, settings: BrokerSettings) -> str:
    """What a failed try to connect means; never holds a secret."""
    match error:
        case BrokerError():
            return str(error)
        case ssl.SSLCertVerificationError():
            return (
                f"the broker's certificate is not believed ({error.verify_message}): `tls.ca` has to be the authority "
                "that signed it, and `host` a name that it bears"
            )
        case ssl.SSLError():
            return f"TLS failed ({error}): is {settings.port} the broker's port for TLS?"
        case socket.gaierror():
            return f"no address is known for {settings.host}: check `host` and the name service"
        case ConnectionRefusedError():
            return "nothing listens there: start the broker, or check `host` and `port`"
        case ConnectionResetError():
            return explain_silence(settings, hung_up=True)
        case TimeoutError():
            return f"no answer within {settings.connect_timeout_s:g} s: check the address, the network and firewalls"
        case _:
            return f"{type(error).__name__}: {error}"


def explain_silence(settings: BrokerSettings, *, hung_up: bool) -> str:
    """What it means that the broker does not answer the greeting, or hangs up on it."""
    what = "the broker hangs up without an answer" if hung_up else f"no answer within {settings.connect_timeout_s:g} s"
    port = "port for TLS" if settings.tls is not None else "port without TLS"
    certificate = "this certificate and " if settings.tls is not None else ""
    return f"{what}: is {settings.port} its {port}, and does it take {certificate}MQTT {settings.protocol}?"
