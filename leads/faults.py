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
        case TimeoutError():
            return f"no answer within {settings.connect_timeout_s:g} s: check the address, the network and firewalls"
        case _:
            return f"{type(error).__name__}: {error}"


def explain_silence(settings: BrokerSettings) -> str:
    """What it means that the broker ends a connection without an answer to the greeting."""
    certificate = "this certificate and " if settings.tls is not None else ""
    return f"the broker hangs up without an answer: does it take {certificate}MQTT {settings.protocol} on this port?"
