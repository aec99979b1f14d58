"""Figures for Prometheus: requests, latencies, errors, jobs, queue and the memory of models."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Histogram, exposition
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

CONTENT_TYPE = exposition.CONTENT_TYPE_LATEST
_LATENCY_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0)

JobCounts = Callable[[], Mapping[tuple[str, str], int]]
"""Number of jobs by (kind, status)."""
ModelSizes = Callable[[], Mapping[str, int]]
"""Bytes of each loaded model by the ARN that serves it."""


class Metrics:
    """One registry a server, so that two servers in one process don't share figures."""

    def __init__(
        self,
        jobs: JobCounts = dict,
        sizes: ModelSizes = dict,
        queue: Callable[[], int] = int,
        shows_arns: bool = True,
    ) -> None:
        """
        :param shows_arns: whether the page, which anybody may read, says what serves and not only how much.
        """
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "localpersonalize_requests", "Requests answered.", ["operation", "code"], registry=self.registry
        )
        self.seconds = Histogram(
            "localpersonalize_request_seconds",
            "Time from the whole request to its answer.",
            ["operation"],
            buckets=_LATENCY_BUCKETS,
            registry=self.registry,
        )
        self.registry.register(_ScrapeCollector(jobs, sizes, queue, shows_arns))

    def observe(self, operation: str, code: str, seconds: float) -> None:
        """One answered request; ``code`` is `OK` or the name of the error."""
        self.requests.labels(operation, code).inc()
        self.seconds.labels(operation).observe(seconds)

    def page(self) -> bytes:
        """The text of `/metrics`."""
        return exposition.generate_latest(self.registry)


class _ScrapeCollector(Collector):
    """What is only counted when somebody asks."""

    def __init__(
        self, jobs: JobCounts, sizes: ModelSizes, queue: Callable[[], int], shows_arns: bool
    ) -> None:
        self.jobs, self.sizes, self.queue, self.shows_arns = jobs, sizes, queue, shows_arns

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterator[Metric]:
        jobs = GaugeMetricFamily(
            "localpersonalize_jobs", "Jobs by kind and status.", labels=["kind", "status"]
        )
        for (kind, status), count in self.jobs().items():
            jobs.add_metric([kind, status], count)
        yield jobs
        yield self._model_bytes()
        yield GaugeMetricFamily(
            "localpersonalize_queue_length", "Requests that wait to be scored.", value=self.queue()
        )

    def _model_bytes(self) -> Metric:
        name, text = "localpersonalize_model_bytes", "Memory of loaded models."
        sizes = self.sizes()
        if not self.shows_arns:
            return GaugeMetricFamily(name, text, value=sum(sizes.values()))
        family = GaugeMetricFamily(name, text, labels=["arn"])
        for arn, size in sizes.items():
            family.add_metric([arn], size)
        return family
