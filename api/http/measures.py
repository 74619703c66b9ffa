"""What a server counts of itself, in the text format of Prometheus: by route, never by address or by who asked."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)  # seconds


@dataclass
class Measures:
    """Requests by method, route and status, and how long they took, by method and route."""

    requests: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    _buckets: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    _seconds: dict[tuple[str, str], float] = field(default_factory=dict)

    def note(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request that was answered."""
        self.requests[method, route, status] += 1
        found = self._buckets.setdefault((method, route), [0] * (len(BOUNDS) + 1))
        found[bisect_left(BOUNDS, seconds)] += 1
        self._seconds[method, route] = self._seconds.get((method, route), 0.0) + seconds

    def text(self, gauges: Mapping[str, int]) -> str:
        """Return everything, with the state of the moment in `gauges`."""
        lines = ["# TYPE fenji_requests_total counter"]
        for (method, route, status), count in sorted(self.requests.items()):
            lines.append(f'fenji_requests_total{{method="{method}",route="{route}",status="{status}"}} {count}')
        lines.append("# TYPE fenji_request_seconds histogram")
        for (method, route), found in sorted(self._buckets.items()):
            name, total = f'method="{method}",route="{route}"', 0
            for bound, count in zip((*map(str, BOUNDS), "+Inf"), found, strict=True):
                total += count
                lines.append(f'fenji_request_seconds_bucket{{{name},le="{bound}"}} {total}')
            lines.append(f"fenji_request_seconds_sum{{{name}}} {self._seconds[method, route]:.6f}")
            lines.append(f"fenji_request_seconds_count{{{name}}} {total}")
        for gauge, value in gauges.items():
            lines += [f"# TYPE fenji_{gauge} gauge", f"fenji_{gauge} {value}"]
        return "\n".join(lines) + "\n"
