"""Counters and histograms of a server, written in Prometheus' text format (version 0.0.4)."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Sequence

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
ROWS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 1024, 4096, 16384, 65536)

Labels = tuple[str, ...]


class Counter:
    """A count by labels. Safe to raise from several threads."""

    kind = "counter"

    def __init__(self, name: str, help: str, labels: Sequence[str] = ()) -> None:
        self.name, self.help, self.labels = name, help, tuple(labels)
        self._values: dict[Labels, float] = {}
        self._lock = threading.Lock()

    def add(self, amount: float = 1, *labels: str) -> None:
        """Raise the count of these labels."""
        with self._lock:
            self._values[labels] = self._values.get(labels, 0) + amount

    def values(self) -> dict[Labels, float]:
        """What stands at each label now."""
        with self._lock:
            return dict(self._values)

    def lines(self) -> list[str]:
        """Samples as text."""
        return [f"{self.name}{_labels(self.labels, key)} {value:.17g}" for key, value in sorted(self.values().items())]


class Gauge(Counter):
    """A value by labels that is set."""

    kind = "gauge"

    def replace(self, first: str, values: dict[Labels, float]) -> None:
        """Set all labels that begin with `first` to these, and forget the others that do."""
        with self._lock:
            kept = {key: value for key, value in self._values.items() if key[0] != first}
            self._values = kept | values


class Histogram:
    """Counts of values by bucket, with sum and count. Safe to raise from several threads."""

    kind = "histogram"

    def __init__(self, name: str, help: str, labels: Sequence[str], buckets: Sequence[float]) -> None:
        self.name, self.help, self.labels, self.buckets = name, help, tuple(labels), tuple(buckets)
        self._cells: dict[Labels, tuple[list[int], list[float]]] = {}
        self._lock = threading.Lock()

    def observe(self, value: float, *labels: str) -> None:
        """Count one value."""
        with self._lock:
            cell = self._cells.get(labels)
            if cell is None:
                cell = self._cells[labels] = ([0] * (len(self.buckets) + 1), [0.0])
            cell[0][bisect_left(self.buckets, value)] += 1
            cell[1][0] += value

    def quantile(self, share: float, *labels: str) -> float | None:
        """An estimate of a quantile: the upper edge of the bucket it falls into; None without values."""
        with self._lock:
            counts = list(self._cells[labels][0]) if labels in self._cells else []
        wanted, seen = share * sum(counts), 0
        for edge, count in zip((*self.buckets, self.buckets[-1]), counts, strict=False):
            seen += count
            if seen >= wanted:
                return edge
        return None

    def lines(self) -> list[str]:
        """Samples as text."""
        with self._lock:
            cells = [(key, list(counts), total) for key, (counts, (total,)) in sorted(self._cells.items())]
        found = []
        for key, counts, total in cells:
            seen = 0
            for edge, count in zip((*map(_edge, self.buckets), "+Inf"), counts, strict=True):
                seen += count
                found.append(f"{self.name}_bucket{_labels((*self.labels, 'le'), (*key, edge))} {seen}")
            found.append(f"{self.name}_sum{_labels(self.labels, key)} {total:g}")
            found.append(f"{self.name}_count{_labels(self.labels, key)} {seen}")
        return found


class Metrics:
    """What one server counts."""

    def __init__(self) -> None:
        self.requests = Counter("tenfold_requests_total", "Requests by deployment and status", ["deployment", "status"])
        self.seconds = Histogram(
            "tenfold_request_seconds", "From the last byte of a request to its answer", ["deployment"], SECONDS
        )
        self.predictions = Counter(
            "tenfold_predictions_total", "Rows answered", ["deployment", "model", "version", "role"]
        )
        self.batch_rows = Histogram("tenfold_batch_rows", "Rows of one call of the model", ["deployment"], ROWS)
        self.predict_seconds = Histogram("tenfold_predict_seconds", "One call of the model", ["deployment"], SECONDS)
        self.swaps = Counter("tenfold_model_swaps_total", "Times another version took over", ["deployment"])
        self.swap_failures = Counter("tenfold_model_swap_failures_total", "Versions that did not load", ["deployment"])
        self.log_failures = Counter("tenfold_log_failures_total", "Answers that could not be logged", ["deployment"])
        self.published = Counter(
            "tenfold_log_published_total", "Logged rows made into versions", ["deployment", "kind"]
        )
        self.serving = Gauge(
            "tenfold_serving", "1 for each version that serves", ["deployment", "model", "version", "role"]
        )

    def text(self) -> str:
        """The page Prometheus scrapes."""
        lines = []
        for metric in vars(self).values():
            lines += [f"# HELP {metric.name} {metric.help}", f"# TYPE {metric.name} {metric.kind}", *metric.lines()]
        return "\n".join(lines) + "\n"


def _edge(value: float) -> str:
    return f"{value:g}"


def _labels(names: Sequence[str], values: Sequence[str]) -> str:
    if not names:
        return ""
    pairs = ",".join(f'{name}="{_escaped(value)}"' for name, value in zip(names, values, strict=True))
    return "{" + pairs + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
