"""`/metrics` for Prometheus and `/healthz` for whoever asks whether the box works."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from edge.settings import MetricsSettings


class MetricsError(Exception):
    """The port cannot be listened on; the text says the remedy."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One number at one moment."""

    name: str
    help: str
    value: float
    labels: Mapping[str, str]
    counts_up: bool


@dataclass(frozen=True, slots=True)
class Health:
    """Whether the box does its job; `problems` says what does not work."""

    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """No problem is known."""
        return not self.problems


class _BoxCollector(Collector):
    def __init__(self, readings: Callable[[], Iterator[Reading]]) -> None:
        self._readings = readings

    def collect(self) -> Iterator[Metric]:
        families: dict[str, CounterMetricFamily | GaugeMetricFamily] = {}
        for reading in self._readings():
            family = families.get(reading.name)
            if family is None:
                kind = CounterMetricFamily if reading.counts_up else GaugeMetricFamily
                family = families[reading.name] = kind(reading.name, reading.help, labels=list(reading.labels))
            family.add_metric(list(reading.labels.values()), reading.value)
        yield from families.values()


class MetricsServer:
    """A small HTTP server in a thread of its own."""

    def __init__(
        self, settings: MetricsSettings, readings: Callable[[], Iterator[Reading]], health: Callable[[], Health]
    ) -> None:
        """Binds at once; raises MetricsError when the port is taken."""
        registry = CollectorRegistry()
        registry.register(_BoxCollector(readings))
        try:
            self._server = ThreadingHTTPServer((settings.host, settings.port), _handler(registry, health))
        except OSError as error:
            raise MetricsError(
                f"metrics: cannot listen on {settings.host}:{settings.port}: {error.strerror}; "
                "choose another metrics.port, or end what uses it"
            ) from None
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="metrics", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """Port that is listened on."""
        return int(self._server.server_address[1])

    def stop(self) -> None:
        """Close the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(registry: CollectorRegistry, health: Callable[[], Health]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/metrics":
                self._answer(200, CONTENT_TYPE_LATEST, generate_latest(registry))
            elif self.path == "/healthz":
                state = health()
                body = json.dumps({"ok": state.ok, "problems": list(state.problems)}, ensure_ascii=False)
                self._answer(200 if state.ok else 503, "application/json", body.encode())
            else:
                self._answer(404, "text/plain", b"/metrics or /healthz\n")

        def _answer(self, code: int, kind: str, body: bytes) -> None:
            self.send_response(code)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Requests are not logged: Prometheus asks every few seconds."""

    return Handler
