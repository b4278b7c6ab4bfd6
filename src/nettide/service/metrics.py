"""What Prometheus is told: requests, latency, queues, models, forecasts and how often bands held."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, multiprocess
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from nettide.service.scratch import SHARED_FOLDER

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


class Metrics:
    """The counters of one process; with ``PROMETHEUS_MULTIPROC_DIR`` set, those of all workers are summed."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        own = self._registry
        self.requests = Counter("nettide_requests", "Requests answered.", ["route", "method", "status"], registry=own)
        self.seconds = Histogram(
            "nettide_request_seconds", "Time to answer, waiting included.", ["route"], buckets=_BUCKETS, registry=own
        )
        self.in_progress = Gauge(
            "nettide_requests_in_progress", "Requests in work.", multiprocess_mode="livesum", registry=own
        )
        self.waiting = Gauge(
            "nettide_forecasts_waiting",
            "Requests that wait for a model, or that it works on.",
            ["model"],
            multiprocess_mode="livesum",
            registry=own,
        )
        self.forecasts = Counter("nettide_forecasts", "Series forecast.", ["model"], registry=own)
        self.refused = Counter(
            "nettide_requests_refused", "Requests refused for want of room.", ["reason"], registry=own
        )
        self.observed = Counter(
            "nettide_band_observations",
            "Posted values that an earlier forecast had a band for.",
            ["model"],
            registry=own,
        )
        self.held = Counter(
            "nettide_band_hits", "Those of them that lay within the band of 10 to 90 %.", ["model"], registry=own
        )

    def page(self, now: Callable[[], Iterable[Metric]]) -> bytes:
        """Give the text that Prometheus reads.

        Args:
            now: gives what is looked up when asked, as the age of models.
        """
        registry = self._registry
        if os.environ.get(SHARED_FOLDER):
            registry = CollectorRegistry()
            multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library has no types here
        told = CollectorRegistry()
        told.register(_LookedUp(now))
        return generate_latest(registry) + generate_latest(told)


class _LookedUp(Collector):
    def __init__(self, now: Callable[[], Iterable[Metric]]) -> None:
        self._now = now

    def collect(self) -> Iterable[Metric]:
        """Look everything up."""
        return self._now()


def gauge(name: str, about: str, label: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    """Give a gauge with one label."""
    family = GaugeMetricFamily(name, about, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def forget_process(pid: int) -> None:
    """Drop the gauges of a worker that has ended."""
    if os.environ.get(SHARED_FOLDER):
        multiprocess.mark_process_dead(pid)  # type: ignore[no-untyped-call]  # the library has no types here
